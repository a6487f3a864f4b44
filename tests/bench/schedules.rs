//! How good the schedules are, and what they cost: see README.md beside this file.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use runr::model::{Backoff, RetryPolicy, TaskKind};
use runr::plan::TaskIx;
use runr::sched::{Initial, Item, Options, Problem};
use runr::simulate::simulate;

const JOBS: [u32; 4] = [2, 4, 8, 16];

#[derive(serde::Deserialize)]
struct Graph {
    name: String,
    tasks: Vec<Node>,
}

#[derive(serde::Deserialize)]
struct Node {
    runtime: f64,
    after: Vec<u32>,
}

fn main() -> anyhow::Result<()> {
    if !std::env::args().any(|arg| arg == "--bench") {
        // `cargo test --all-targets` runs this too, and nothing here is a test.
        return Ok(());
    }
    let asked: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    let wanted = |part: &str| asked.is_empty() || asked.iter().any(|a| a == part);
    let mut out = io::stdout().lock();
    if wanted("graphs") {
        graphs(&mut out)?;
    }
    if wanted("growth") {
        growth(&mut out)?;
    }
    Ok(())
}

fn graphs(out: &mut impl Write) -> anyhow::Result<()> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/graphs");
    let mut files: Vec<_> = std::fs::read_dir(dir)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<io::Result<_>>()?;
    files.retain(|path| path.extension().is_some_and(|e| e == "json"));
    files.sort();
    writeln!(
        out,
        "makespan / lower bound: runr, and first in first out (fifo)\n"
    )?;
    write!(out, "{:<40}{:>6}", "graph", "tasks")?;
    for jobs in JOBS {
        write!(out, "{:>9}{:>8}", format!("-j{jobs}"), "fifo")?;
    }
    writeln!(out)?;
    let mut sums = [[0.0; 2]; JOBS.len()];
    for path in &files {
        let text = std::fs::read_to_string(path)?;
        let graph: Graph =
            serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        write!(out, "{:<40}{:>6}", graph.name, graph.tasks.len())?;
        for (jobs, sums) in JOBS.into_iter().zip(&mut sums) {
            let (problem, durations) = problem(&graph, jobs);
            let fifo = first_in_first_out(&problem, &durations);
            let forecast = simulate(problem, &durations);
            anyhow::ensure!(forecast.attempts.len() == graph.tasks.len(), "not all ran");
            let bound = forecast.lower_bound.as_secs_f64();
            let ratios = [forecast.makespan, fifo].map(|time| time.as_secs_f64() / bound);
            write!(out, "{:>9.3}{:>8.3}", ratios[0], ratios[1])?;
            for (sum, ratio) in sums.iter_mut().zip(ratios) {
                *sum += ratio;
            }
        }
        writeln!(out)?;
    }
    let count = files.len() as f64;
    write!(out, "{:<46}", "average")?;
    for sums in sums {
        write!(out, "{:>9.3}{:>8.3}", sums[0] / count, sums[1] / count)?;
    }
    let all = |which: usize| sums.iter().map(|s| s[which]).sum::<f64>() / count / JOBS.len() as f64;
    writeln!(out, "\naverage of all: {:.4}, fifo {:.4}\n", all(0), all(1))?;
    Ok(())
}

fn item(expected: Duration) -> Item {
    Item {
        kind: TaskKind::Automated,
        selected: true,
        initial: Initial::Open,
        priority: 0,
        expected,
        retry: RetryPolicy {
            max: 0,
            backoff: Backoff {
                base: Duration::ZERO,
                max: Duration::ZERO,
            },
        },
        failures: 0,
        lost_in_a_row: 0,
        claims: Vec::new(),
        pools: Vec::new(),
    }
}

fn options(jobs: u32) -> Options {
    Options {
        jobs,
        fail_fast: false,
        wait: false,
        seed: 0,
    }
}

fn problem(graph: &Graph, jobs: u32) -> (Problem, Vec<Duration>) {
    let runtime = |node: &Node| Duration::from_secs_f64(node.runtime);
    let durations: Vec<Duration> = graph.tasks.iter().map(runtime).collect();
    let mut edges = Vec::new();
    for (task, node) in (0..).zip(&graph.tasks) {
        edges.extend(
            node.after
                .iter()
                .map(|before| (TaskIx(*before), TaskIx(task))),
        );
    }
    edges.sort_unstable();
    edges.dedup();
    let problem = Problem {
        items: durations.iter().copied().map(item).collect(),
        edges,
        pools: Vec::new(),
        options: options(jobs),
    };
    (problem, durations)
}

/// The makespan when tasks start in the order in which they became ready.
fn first_in_first_out(problem: &Problem, durations: &[Duration]) -> Duration {
    let mut missing = vec![0; durations.len()];
    let mut dependents = vec![Vec::new(); durations.len()];
    for (before, after) in &problem.edges {
        missing[after.0 as usize] += 1;
        dependents[before.0 as usize].push(after.0 as usize);
    }
    let mut ready: VecDeque<usize> = (0..missing.len()).filter(|i| missing[*i] == 0).collect();
    let mut running = BinaryHeap::new();
    let mut now = Duration::ZERO;
    loop {
        while running.len() < problem.options.jobs as usize
            && let Some(task) = ready.pop_front()
        {
            running.push(Reverse((now + durations[task], task)));
        }
        let Some(Reverse((end, task))) = running.pop() else {
            return now;
        };
        now = end;
        for after in &dependents[task] {
            missing[*after] -= 1;
            if missing[*after] == 0 {
                ready.push_back(*after);
            }
        }
    }
}

fn growth(out: &mut impl Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "random graphs, up to 3 prerequisites a task, 64 jobs; limits: 8 pools, a third of the tasks in one or two\n"
    )?;
    writeln!(
        out,
        "{:>10}{:>11}{:>10}{:>12}{:>12}{:>14}",
        "tasks", "edges", "limits", "seconds", "us a task", "peak MiB so far"
    )?;
    for tasks in [10_000, 100_000, 1_000_000] {
        for limits in [Limits::None, Limits::Pools] {
            let (problem, durations) = random(tasks, limits);
            let edges = problem.edges.len();
            let start = Instant::now();
            let forecast = simulate(problem, &durations);
            let took = start.elapsed().as_secs_f64();
            anyhow::ensure!(forecast.attempts.len() == tasks as usize, "not all ran");
            writeln!(
                out,
                "{tasks:>10}{edges:>11}{:>10}{took:>12.3}{:>12.3}{:>14}",
                format!("{limits:?}").to_lowercase(),
                took * 1e6 / f64::from(tasks),
                peak_mib()?
            )?;
            out.flush()?;
        }
    }
    Ok(())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Limits {
    None,
    Pools,
}

fn random(tasks: u32, limits: Limits) -> (Problem, Vec<Duration>) {
    let mut seed = 1_u64;
    let mut below = |n: u32| {
        // Knuth's multiplicative congruence; its high half is random enough for a load.
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        ((seed >> 32) % u64::from(n)) as u32
    };
    let durations: Vec<Duration> = (0..tasks)
        .map(|_| Duration::from_millis(u64::from(1000 + below(99_000))))
        .collect();
    let mut edges = Vec::new();
    for task in 1..tasks {
        for _ in 0..below(4) {
            let back = 1 + below(task.min(20_000));
            edges.push((TaskIx(task - back), TaskIx(task)));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    let mut items: Vec<Item> = durations.iter().copied().map(item).collect();
    if limits == Limits::Pools {
        for item in items.iter_mut().step_by(3) {
            let pool = below(8);
            item.pools.push((pool, 1 + below(2)));
            if below(2) == 0 {
                item.pools.push(((pool + 1) % 8, 1));
            }
        }
    }
    let problem = Problem {
        items,
        edges,
        pools: vec![4; 8],
        options: options(64),
    };
    (problem, durations)
}

/// The most memory that this process has had resident.
fn peak_mib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .context("no VmHWM")?;
    Ok(kib.parse::<u64>()? / 1024)
}
