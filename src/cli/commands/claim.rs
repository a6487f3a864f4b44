//! `runr claim`: a person or a session takes a task that is done outside of any orchestration.

use std::io::Write as _;

use crate::cli::{Context, Exit, claiming, names};
use crate::report::shell_word;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
The task is in progress until `runr tasks complete TASK`, which runs its checks and refuses when one \
fails, or until it is given back.")]
pub struct Args {
    /// The task, as `03`, `03-http` or `net/03-http.md`
    task: String,
    /// Give it back: the task is what it was before
    #[arg(long)]
    release: bool,
    /// The agent's session that does the work; inside Claude Code it is known already
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// With --release: why
    #[arg(long, requires = "release")]
    note: Option<String>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let caller = claiming::at_the_shell(context, &project, args.session)?;
    let loaded = context.load(&project, None)?;
    let mut store = context.stores(&project, &loaded.plan)?;
    let ix = names::own(&loaded.plan, &args.task, "claim")?;
    let task = loaded.plan.task(ix);
    let mut desk = claiming::desk(claiming::Place::new(&project, &loaded), &mut store, caller)?;
    let line = if args.release {
        let run = desk.release(ix, args.note).map_err(claiming::failure)?;
        format!("gave back {}  run:{run}", task.id)
    } else {
        let run = desk.take(ix).map_err(claiming::failure)?;
        format!("claimed {} for {}  run:{run}", task.id, desk.who)
    };
    if let Err(error) = store.write_cache() {
        writeln!(context.err(), "warning: {error}; it is rebuilt later")?;
    }
    let mut out = context.out();
    writeln!(out, "{line}")?;
    if !args.release && !context.quiet() {
        let name = shell_word(task.id.as_str()).into_owned();
        let mut err = context.err();
        let does = match task.policy.verify.commands.is_empty() {
            true => "says that it is done",
            false => "runs its checks",
        };
        writeln!(err, "  next: runr tasks complete {name}    {does}")?;
        writeln!(err, "        runr claim --release {name}    gives it back")?;
    }
    Ok(Exit::OK)
}
