//! `runr graph`: shows the graph of tasks.

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Context as _;

use crate::cli::snapshot::Snapshot;
use crate::cli::{Context, Exit, Failure};
use crate::model::{TaskId, TrackIx};
use crate::plan::{Plan, TaskIx};
use crate::render::{self, Charset, Drawing, Edges, Facts, Page, Reach, Selection};
use crate::state::State;
use crate::view;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("format"))]
pub struct Args {
    /// Print Graphviz's language: runr graph --dot | dot -Tsvg
    #[arg(long, group = "format")]
    dot: bool,
    /// Print a Mermaid flowchart
    #[arg(long, group = "format")]
    mermaid: bool,
    /// Print a drawing; nothing else is needed
    #[arg(long, group = "format")]
    svg: bool,
    /// Print a page with the drawing, to be moved and searched; it loads nothing
    #[arg(long, group = "format")]
    html: bool,
    /// Print one JSON object
    #[arg(long, group = "format")]
    json: bool,
    /// Show only what TASK needs and what needs it
    #[arg(long, value_name = "TASK")]
    focus: Vec<String>,
    /// With --focus: at most N steps towards prerequisites
    #[arg(long, value_name = "N", requires = "focus")]
    up: Option<u32>,
    /// With --focus: at most N steps towards dependents
    #[arg(long, value_name = "N", requires = "focus")]
    down: Option<u32>,
    /// Leave out edges that follow from others
    #[arg(long)]
    reduce: bool,
    /// Show only the tasks of a track
    #[arg(long, value_name = "NAME")]
    track: Option<String>,
    /// Read this orchestration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Args {
    /// Is the output for programs rather than for people?
    fn is_data(&self) -> bool {
        self.dot || self.mermaid || self.svg || self.html || self.json
    }
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read_with(context, args.config.as_deref())?;
    let shown = snapshot.facts();
    let plan = shown.plan;
    let selection = Selection {
        focus: args
            .focus
            .iter()
            .map(|name| find(plan, name))
            .collect::<Result<_, _>>()?,
        up: args.up.map_or(Reach::Unlimited, Reach::AtMost),
        down: args.down.map_or(Reach::Unlimited, Reach::AtMost),
        track: args.track.as_deref().map(|n| track(plan, n)).transpose()?,
        edges: if args.reduce {
            Edges::Reduced
        } else {
            Edges::All
        },
    };
    let source = render::Source {
        plan,
        views: shown.views,
        facts: &facts(plan, shown.state),
    };
    let drawing = render::draw(source, &selection);
    let name = snapshot.project.name();
    let shown = show(context, &args, (&drawing, &name))?;
    match &args.output {
        Some(file) => {
            // Styles are the terminal's. Data has none, and is not to be touched.
            let plain = if args.is_data() {
                shown
            } else {
                anstream::adapter::strip_str(&shown).to_string()
            };
            std::fs::write(context.start()?.join(file), plain)
                .with_context(|| format!("cannot write `{}`", file.display()))?;
        }
        None => context.out().write_all(shown.as_bytes())?,
    }
    Ok(snapshot.exit())
}

fn show(
    context: &Context,
    args: &Args,
    (drawing, project): (&Drawing, &str),
) -> anyhow::Result<String> {
    let too_large = |unfit: render::Unfit| {
        Failure::usage(unfit.to_string())
            .help("runr graph --svg --focus TASK --up 2 --down 2    draws a part")
            .help("runr graph --svg --track NAME                    draws one track")
    };
    Ok(if args.dot {
        render::dot(drawing)
    } else if args.mermaid {
        let text = render::mermaid(drawing);
        if let Some(limit) = render::too_much_for_mermaid(drawing, &text) {
            writeln!(context.err(), "note: {limit}")?;
        }
        text
    } else if args.json {
        render::json(drawing)
    } else if args.svg {
        render::svg(drawing).map_err(too_large)?
    } else if args.html {
        render::html(drawing, project).map_err(too_large)?
    } else {
        let page = Page {
            columns: context.width(),
            charset: if context.unicode() {
                Charset::Unicode
            } else {
                Charset::Ascii
            },
        };
        render::text(drawing, page)
    })
}

/// The picture of the whole graph, coloured by status, for `runr demo`.
///
/// # Errors
/// When the graph is too large to draw.
pub fn svg(plan: &Plan, state: &State) -> anyhow::Result<String> {
    let views = view::tasks(plan, state);
    let facts = facts(plan, state);
    let source = render::Source {
        plan,
        views: &views,
        facts: &facts,
    };
    let everything = Selection {
        focus: Vec::new(),
        up: Reach::Unlimited,
        down: Reach::Unlimited,
        track: None,
        edges: Edges::Reduced,
    };
    Ok(render::svg(&render::draw(source, &everything))?)
}

/// The whole graph, or what is around one task, with transitive edges left out.
#[must_use]
pub fn drawing(plan: &Plan, state: &State, focus: Option<TaskIx>) -> Drawing {
    let views = view::tasks(plan, state);
    let facts = facts(plan, state);
    let source = render::Source {
        plan,
        views: &views,
        facts: &facts,
    };
    let selection = Selection {
        focus: focus.into_iter().collect(),
        up: Reach::Unlimited,
        down: Reach::Unlimited,
        track: None,
        edges: Edges::Reduced,
    };
    render::draw(source, &selection)
}

/// A drawing for readers without a terminal.
#[must_use]
pub fn text(drawing: &Drawing) -> String {
    let page = Page {
        columns: 100,
        charset: Charset::Unicode,
    };
    render::text(drawing, page)
}

/// What is known of each task beside its view, in the plan's order.
#[must_use]
pub fn facts(plan: &Plan, state: &State) -> Vec<Facts> {
    plan.tasks()
        .iter()
        .map(|task| {
            let learnt = state.tasks.get(&task.id);
            let expected = learnt
                .and_then(crate::state::TaskState::expected_ms)
                .map(std::time::Duration::from_millis)
                .or(task.estimate);
            let reason = learnt.and_then(|state| match (state.stop_reason, &state.message) {
                (Some(reason), Some(message)) => Some(format!("{reason}: {message}").into()),
                (Some(reason), None) => Some(reason.to_string().into()),
                (None, Some(message)) => Some(message.as_str().into()),
                (None, None) => None,
            });
            Facts { expected, reason }
        })
        .collect()
}

/// The task that a name on the command line means: its id, with or without `.md`, or its path from the
/// project root.
fn find(plan: &Plan, name: &str) -> Result<TaskIx, Failure> {
    let short = name.strip_prefix("./").unwrap_or(name);
    let short = short.strip_prefix(".runr/tasks/").unwrap_or(short);
    [short.to_owned(), format!("{short}.md")]
        .iter()
        .filter_map(|text| TaskId::parse(text).ok())
        .find_map(|id| plan.find(&id))
        .ok_or_else(|| {
            let names = plan.tasks().iter().map(|task| task.id.as_str());
            unknown("task", name, names)
        })
}

fn track(plan: &Plan, name: &str) -> Result<TrackIx, Failure> {
    plan.tracks()
        .iter()
        .zip(0..)
        .find(|(track, _)| *track.name == *name)
        .map(|(_, number)| TrackIx(number))
        .ok_or_else(|| {
            unknown(
                "track",
                name,
                plan.tracks().iter().map(|track| &*track.name),
            )
        })
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let failure = Failure::usage(format!("there is no {what} `{name}`"));
    let nearest = known
        .map(|other| (strsim::jaro_winkler(name, other), other))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((_, other)) => failure.help(format!("did you mean `{other}`?")),
        None => failure.help(format!("runr graph    shows every {what}")),
    }
}
