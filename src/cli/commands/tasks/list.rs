//! `runr tasks list`: lists tasks.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::model::Status;
use crate::plan::TaskIx;
use crate::report::{Facts, StatusJson, status_table};
use crate::view::Class;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only tasks that stand so; may be given several times
    #[arg(long, value_name = "STATUS")]
    status: Vec<Wanted>,
    /// Only tasks with this tag; may be given several times
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// A stored status, or what is worked out beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    Pending,
    #[value(name = "in_progress", aliases = ["in-progress", "running"])]
    InProgress,
    Completed,
    Failed,
    Stopped,
    Skipped,
    #[value(name = "awaiting_approval", aliases = ["awaiting-approval", "awaiting"])]
    AwaitingApproval,
    Ready,
    Blocked,
    #[value(name = "needs_you", aliases = ["needs-you"])]
    NeedsYou,
    Stale,
}

impl Wanted {
    fn holds(self, facts: &Facts<'_>, ix: TaskIx) -> bool {
        let view = facts.view(ix);
        match self {
            Self::Pending => view.status == Status::Pending,
            Self::InProgress => view.status == Status::InProgress,
            Self::Completed => view.status == Status::Completed,
            Self::Failed => view.status == Status::Failed,
            Self::Stopped => view.status == Status::Stopped,
            Self::Skipped => view.status == Status::Skipped,
            Self::AwaitingApproval => view.status == Status::AwaitingApproval,
            Self::Ready => view.class() == Class::Ready,
            Self::Blocked => view.class() == Class::Blocked,
            Self::NeedsYou => view.class() == Class::NeedsYou,
            Self::Stale => view.stale.is_some(),
        }
    }
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let facts = snapshot.facts();
    let mut shown = snapshot.all();
    shown.retain(|ix| {
        let by_status =
            args.status.is_empty() || args.status.iter().any(|wanted| wanted.holds(&facts, *ix));
        let tagged = |tag: &String| facts.task(*ix).tags.iter().any(|t| **t == **tag);
        by_status && (args.tag.is_empty() || args.tag.iter().any(tagged))
    });
    let text = if args.json {
        serde_json::to_string(&StatusJson::new(&facts, &shown))? + "\n"
    } else {
        status_table(&facts, &shown, &look(context))
    };
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
