//! What runr costs beside an agent, which here is a shell script that writes the events of Claude Code.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::place::{Place, completed, program, runr, time};
use crate::table::{line, median, ms, verdict};

const AGENTS: u32 = 16;
const ROUNDS: usize = 5;
/// What the dispatch of one agent may add, in milliseconds.
const DISPATCH: f64 = 50.0;
/// How long events come, and how many a second.
const SECONDS: u32 = 20;
const EVENTS: u32 = 100;
/// The share of a processor for one running agent, in percent.
const SHARE: f64 = 1.0;
/// What the memory of runr's processes may grow by over a gibibyte of output, in mebibytes.
const GROWTH: f64 = 32.0;

const INIT: &str = r#"{"type":"system","subtype":"init","session_id":"s","model":"fake-1","claude_code_version":"2.1.330"}"#;
const TEXT: &str = r#"{"type":"assistant","session_id":"s","message":{"id":"m","model":"fake-1","content":[{"type":"text","text":"at work"}],"usage":{"input_tokens":10,"output_tokens":1}}}"#;
const RESULT: &str = r#"{"type":"result","subtype":"success","is_error":false,"session_id":"s","num_turns":1,"total_cost_usd":0.1,"result":"Done.","permission_denials":[],"usage":{"input_tokens":10,"output_tokens":1},"model_usage_since_last_result":{"fake-1":{"inputTokens":10,"outputTokens":1,"costUSD":0.1}}}"#;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    line(&format!(
        "agents: an imitation of Claude Code; fdatasync {:.2} ms",
        ms(place.fdatasync()?)
    ));
    dispatch(&place)?;
    share(&place)?;
    memory(&place)
}

/// A project with `tasks` agent tasks, whose agent does `work` between its first and its last event.
fn project(folder: &Path, tasks: u32, work: &str) -> io::Result<()> {
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    let script =
        format!("cat > /dev/null\nprintf '%s\\n' '{INIT}'\n{work}\nprintf '%s\\n' '{RESULT}'\n");
    fs::write(folder.join("agent.sh"), script)?;
    fs::write(
        folder.join(".runr/config.yaml"),
        format!(
            "worker: claude-code\nworkers:\n  claude-code: {{ command: [sh, {:?}], max_parallel: {AGENTS} }}\n",
            folder.join("agent.sh")
        ),
    )?;
    for number in 0..tasks {
        fs::write(
            dir.join(format!("t{number:02}.md")),
            format!("---\nowns: [t{number:02}/**]\n---\n# Task {number}\n"),
        )?;
    }
    Ok(())
}

fn orchestrate(folder: &Path, jobs: u32) -> Command {
    runr(
        folder,
        &["orchestrate", "run", "-q", "-j", &jobs.to_string()],
    )
}

/// Sixteen agents at once that end at once, against the same programs started at once.
fn dispatch(place: &Place) -> io::Result<()> {
    let (mut alone, mut ours) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let folder = place.fresh(&format!("dispatch-{round}"))?;
        project(&folder, AGENTS, ":")?;
        let script = format!("for n in $(seq {AGENTS}); do sh agent.sh < /dev/null & done; wait");
        alone.push(time(program("/bin/sh", &folder, &["-c", &script]))?);
        ours.push(time(orchestrate(&folder, AGENTS))?);
        completed(&folder, AGENTS as usize)?;
    }
    let each = |times: Vec<Duration>| ms(median(times)) / f64::from(AGENTS);
    let (alone, ours) = (each(alone), each(ours));
    line(&format!(
        "  {AGENTS} at once, median of {ROUNDS}: programs alone {alone:.2} ms each, with runr {ours:.2} ms each, \
         added {:.2} ms   at most {DISPATCH}: {}",
        ours - alone,
        verdict(ours - alone, DISPATCH)
    ));
    Ok(())
}

/// The processor time of runr itself (without the agent's) while an agent writes events.
fn share(place: &Place) -> io::Result<()> {
    let folder = place.fresh("share")?;
    let work = format!(
        "n=0; while [ $n -lt {} ]; do printf '%s\\n' '{TEXT}'; n=$((n + 1)); sleep {}; done",
        SECONDS * EVENTS,
        1.0 / f64::from(EVENTS)
    );
    project(&folder, 1, &work)?;
    let began = Instant::now();
    let seen = watch(orchestrate(&folder, 1))?;
    let took = began.elapsed();
    completed(&folder, 1)?;
    let rate = f64::from(SECONDS * EVENTS) / took.as_secs_f64();
    let percent = seen.processor.as_secs_f64() / took.as_secs_f64() * 100.0;
    // A shell's pace depends on the machine; what the events cost is held against the rate that was asked for.
    let scaled = percent * f64::from(EVENTS) / rate;
    line(&format!(
        "  {} events, {rate:.0} a second: {percent:.2} % of a processor, start and end included; at {EVENTS} a second \
         {scaled:.2} %   at most {SHARE}: {}",
        SECONDS * EVENTS,
        verdict(scaled, SHARE)
    ));
    Ok(())
}

/// The most memory of runr's processes over a short output and over a gibibyte.
fn memory(place: &Place) -> io::Result<()> {
    let mut peaks = Vec::new();
    for mebibytes in [1_u32, 1024] {
        let folder = place.fresh(&format!("memory-{mebibytes}"))?;
        let lines = mebibytes * 1024 * 1024 / u32::try_from(TEXT.len() + 1).unwrap_or(u32::MAX);
        project(&folder, 1, &format!("yes '{TEXT}' | head -n {lines}"))?;
        let began = Instant::now();
        let seen = watch(orchestrate(&folder, 1))?;
        completed(&folder, 1)?;
        let peak = seen.memory as f64 / 1024.0 / 1024.0;
        line(&format!(
            "  {mebibytes} MiB of events in {:.1} s: at most {peak:.1} MiB in one process of runr's",
            began.elapsed().as_secs_f64()
        ));
        peaks.push(peak);
    }
    if let [small, large] = peaks[..] {
        line(&format!(
            "  growth {:.1} MiB   at most {GROWTH}: {}",
            large - small,
            verdict(large - small, GROWTH)
        ));
    }
    Ok(())
}

/// What the processes of runr used: the orchestrator and its attempts, not what they started.
#[derive(Default)]
struct Seen {
    processor: Duration,
    /// Bytes, the largest single process.
    memory: u64,
}

/// Runs a command to its end and looks at it and its children of the same program twenty times a second. What a
/// process does after the last look at it is not seen.
fn watch(mut command: Command) -> io::Result<Seen> {
    let mut child = command.spawn()?;
    let binary = fs::canonicalize(env!("CARGO_BIN_EXE_runr"))?;
    let mut ticks = std::collections::BTreeMap::new();
    let mut memory = 0;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        let mut open = vec![child.id()];
        while let Some(pid) = open.pop() {
            let proc = Path::new("/proc").join(pid.to_string());
            if fs::read_link(proc.join("exe")).ok().as_ref() == Some(&binary) {
                ticks.insert(pid, used(&proc).unwrap_or(0));
                memory = memory.max(high_water(&proc).unwrap_or(0));
            }
            open.extend(children(&proc));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    if !status.success() {
        return Err(io::Error::other(format!("{command:?} ended with {status}")));
    }
    // The kernel counts in hundredths of a second here, as on every Linux of the common kinds.
    let processor = Duration::from_millis(10 * ticks.values().sum::<u64>());
    Ok(Seen { processor, memory })
}

fn children(proc: &Path) -> Vec<u32> {
    let tasks = fs::read_dir(proc.join("task"))
        .into_iter()
        .flatten()
        .flatten();
    let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    texts
        .flat_map(|text| {
            text.split_whitespace()
                .filter_map(|word| word.parse().ok())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The processor time of a process without its children's, in the kernel's ticks.
fn used(proc: &Path) -> Option<u64> {
    let text = fs::read_to_string(proc.join("stat")).ok()?;
    // The name, in parentheses, may hold spaces.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    Some(fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?)
}

fn high_water(proc: &Path) -> Option<u64> {
    let text = fs::read_to_string(proc.join("status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}
