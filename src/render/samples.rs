//! Drawings for tests: a small project in every state, names that bite, real graphs.

use std::time::Duration;

use crate::model::{Place, Status, Task, TaskId, TaskKind, Track, TrackIx};
use crate::plan::{Edge, Origin, Plan, TaskIx, sample};
use crate::render::{Drawing, Facts, Selection, Source, draw};
use crate::view::{Stale, Standing, TaskView};

/// One task of a sample.
pub struct Made {
    pub id: String,
    pub title: String,
    pub kind: TaskKind,
    pub status: Status,
    pub track: Option<u32>,
    pub seconds: f64,
    pub needs: Vec<u32>,
}

pub fn made(id: &str, needs: &[u32]) -> Made {
    Made {
        id: id.to_owned(),
        title: id.to_owned(),
        kind: TaskKind::Automated,
        status: Status::Pending,
        track: None,
        seconds: 60.0,
        needs: needs.to_vec(),
    }
}

/// Puts a sample together: a task is ready when all that it needs is completed.
pub fn drawing(tracks: &[&str], made: &[Made], selection: &Selection) -> Drawing {
    let model = sample(&[("x.md", &[])]).tasks()[0].clone();
    let place = |line: u32| Place {
        file: "orchestration.yaml".into(),
        line,
        column: 3,
    };
    let tasks: Vec<Task> = made
        .iter()
        .map(|m| Task {
            id: TaskId::parse(&m.id).unwrap(),
            title: m.title.as_str().into(),
            kind: m.kind,
            track: m.track.map(TrackIx),
            ..model.clone()
        })
        .collect();
    let tracks = tracks
        .iter()
        .zip(1..)
        .map(|(name, line)| Track {
            name: (*name).into(),
            place: place(line),
        })
        .collect();
    let edges: Vec<Edge> = made
        .iter()
        .zip(0..)
        .flat_map(|(m, i)| {
            m.needs.iter().map(move |need| Edge {
                prerequisite: TaskIx(*need),
                dependent: TaskIx(i),
                origin: Origin::TaskFile,
                place: place(i + 10),
            })
        })
        .collect();
    let views: Vec<TaskView> = made
        .iter()
        .map(|m| {
            let missing: Vec<TaskIx> = m
                .needs
                .iter()
                .filter(|n| made[**n as usize].status != Status::Completed)
                .map(|n| TaskIx(*n))
                .collect();
            TaskView {
                status: m.status,
                kind: m.kind,
                standing: match m.status {
                    Status::Completed | Status::InProgress | Status::AwaitingApproval => {
                        Standing::None
                    }
                    _ if missing.is_empty() => Standing::Ready,
                    _ => Standing::Blocked(missing),
                },
                stale: (m.title == "Stale").then_some(Stale::TextChanged),
                outside: None,
            }
        })
        .collect();
    let facts: Vec<Facts> = made
        .iter()
        .map(|m| Facts {
            expected: Some(Duration::from_secs_f64(m.seconds)),
            reason: (m.status == Status::Failed).then(|| "verification failed: cargo test".into()),
        })
        .collect();
    let plan = Plan::assemble(tasks, tracks, &edges).unwrap();
    let source = Source {
        plan: &plan,
        views: &views,
        facts: &facts,
    };
    draw(source, selection)
}

/// Ten tasks in three tracks and one alone, in all states.
pub fn demo() -> Drawing {
    use Status::{AwaitingApproval, Completed, Failed, InProgress, Pending, Skipped, Stopped};
    use TaskKind::{Automated, Hybrid, Manual};
    type Row = (
        &'static str,
        &'static str,
        TaskKind,
        Status,
        Option<u32>,
        f64,
        &'static [u32],
    );
    let rows: [Row; 12] = [
        (
            "00-setup.md",
            "Set up the project",
            Automated,
            Completed,
            Some(0),
            30.0,
            &[],
        ),
        (
            "01-fetch.md",
            "Stale",
            Automated,
            Completed,
            Some(0),
            60.0,
            &[0],
        ),
        (
            "02-parse.md",
            "Parse the articles into records",
            Automated,
            Failed,
            Some(0),
            240.0,
            &[1],
        ),
        (
            "03-count.md",
            "Count words",
            Automated,
            InProgress,
            Some(0),
            90.0,
            &[1],
        ),
        (
            "ui/theme.md",
            "Theme and colours for the pages of the report",
            Automated,
            Pending,
            Some(1),
            120.0,
            &[2, 3],
        ),
        (
            "ui/board.md",
            "Board",
            Automated,
            Stopped,
            Some(1),
            60.0,
            &[0],
        ),
        (
            "ui/copy.md",
            "Write the copy",
            Hybrid,
            AwaitingApproval,
            Some(1),
            60.0,
            &[0],
        ),
        (
            "ops/keys.md",
            "Ask for the API keys",
            Manual,
            Skipped,
            Some(2),
            600.0,
            &[],
        ),
        (
            "ops/deploy.md",
            "Deploy",
            Automated,
            Pending,
            Some(2),
            60.0,
            &[4, 5, 6, 7],
        ),
        (
            "ops/announce.md",
            "Announce",
            Manual,
            Pending,
            Some(2),
            60.0,
            &[8],
        ),
        (
            "notes.md",
            "Tidy the notes",
            Automated,
            Pending,
            None,
            10.0,
            &[],
        ),
        (
            "licence.md",
            "licence.md",
            Automated,
            Pending,
            None,
            10.0,
            &[],
        ),
    ];
    let made: Vec<Made> = rows
        .into_iter()
        .map(|(id, title, kind, status, track, seconds, needs)| Made {
            id: id.to_owned(),
            title: title.to_owned(),
            kind,
            status,
            track,
            seconds,
            needs: needs.to_vec(),
        })
        .collect();
    drawing(
        &["engine", "ui", "operations"],
        &made,
        &Selection::default(),
    )
}

/// Names and titles that are syntax somewhere.
pub fn nasty() -> Drawing {
    let long = "long ".repeat(40);
    let rows = [
        ("a \"quoted\".md", "say \"hello\" \\N \\"),
        ("$(touch x).md", "`rm -rf` $(touch x) ${HOME}"),
        ("<b>.md", "<b>bold</b> &amp; & &#34; ]]> <!--"),
        ("end.md", "</script><script>alert(1)</script></svg>"),
        (
            "ünï 你好 🎉.md",
            "Ünïcode 你好，世界 🎉 and more of it until it has to be cut",
        ),
        (
            "rtl\u{202e}.md",
            "right \u{202e}to left\u{202c} \u{1b}[31mred \u{0}nul \u{fffe}",
        ),
        ("#1;{}[]|.md", "1. * _under_ ~x~ #quot; %% ;"),
        ("long.md", long.as_str()),
    ];
    let made: Vec<Made> = rows
        .iter()
        .enumerate()
        .map(|(i, (id, title))| Made {
            title: (*title).to_owned(),
            track: (i % 3 == 0).then_some(0),
            ..made(id, if i > 0 && i < 7 { &[0] } else { &[] })
        })
        .collect();
    drawing(&["<t> \"&\" \u{202e}\\"], &made, &Selection::default())
}

/// A real graph, from the fixtures.
pub fn real(text: &str, selection: &Selection) -> Drawing {
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    let made: Vec<Made> = value["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(i, task)| {
            let needs: Vec<u32> = task["after"]
                .as_array()
                .unwrap()
                .iter()
                .map(|n| u32::try_from(n.as_u64().unwrap()).unwrap())
                .collect();
            Made {
                title: format!("Step number {i} of the workflow"),
                seconds: task["runtime"].as_f64().unwrap(),
                status: if i % 7 == 3 {
                    Status::Completed
                } else {
                    Status::Pending
                },
                ..made(&format!("task-{i:04}.md"), &needs)
            }
        })
        .collect();
    drawing(&[], &made, selection)
}
