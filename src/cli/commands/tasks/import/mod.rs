//! `runr tasks import`: takes over the tasks of another tool, with their order and what is done.

mod found;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use serde_json::json;

use crate::cli::commands::tasks::add::folder;
use crate::cli::{Context, Exit, Failure};
use crate::event::Event;
use crate::intake::{Arranged, Arrangement, Format, IntakeError, arrange, read, slug};
use crate::model::{Source, Status, TaskId};
use crate::plan::Plan;
use crate::project::{Edits, Project};
use crate::report::one_line;
use crate::store::Store;

/// Notes that are printed; the others are counted.
const NOTES: usize = 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
What is understood:
  taskmaster   tasks.json: tags, subtasks, dependencies, states
  backlog      the folder of Backlog.md: backlog/tasks/*.md
  beads        the JSONL export: .beads/issues.jsonl
  checklist    Markdown with `- [ ]`: order and nesting become prerequisites; spec-kit's tasks.md is one

Files that are there already are never changed: importing again adds what is new.")]
pub struct Args {
    /// The file, or the folder that the tool works in
    #[arg(value_name = "FILE|DIR")]
    from_path: String,
    /// Whose files they are [default: what they look like]
    #[arg(long, value_name = "TOOL")]
    from: Option<Tool>,
    /// The folder below .runr/tasks/ to put them into [default: the tool's name, or the checklist's]
    #[arg(long, value_name = "FOLDER")]
    into: Option<String>,
    /// Print what would be written and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Tool {
    Taskmaster,
    Backlog,
    Beads,
    Checklist,
}

impl From<Tool> for Format {
    fn from(tool: Tool) -> Self {
        match tool {
            Tool::Taskmaster => Self::Taskmaster,
            Tool::Backlog => Self::Backlog,
            Tool::Beads => Self::Beads,
            Tool::Checklist => Self::Checklist,
        }
    }
}

/// Everything that is known before anything is written.
struct Import {
    format: Format,
    folder: String,
    tasks: Vec<Arranged>,
    notes: Vec<String>,
    /// Ids of files that are not there yet.
    new: BTreeSet<String>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let loaded = context.load(&project, None)?;
    let import = prepare(context, &args, &project, &loaded.plan)?;
    let mut edits = Edits::default();
    for task in import
        .tasks
        .iter()
        .filter(|task| import.new.contains(&task.id))
    {
        edits.put(format!(".runr/tasks/{}", task.id), task.text.as_str());
    }
    let with = context.load_with(&project, &edits)?;
    let mut store = context.store(&project)?;
    let events = events(&import, &with.plan, &store, Timestamp::now());
    let done = events.len();
    if !args.dry_run {
        crate::store::prepare(store.layout())?;
        edits.create(&project.root)?;
        record(context, &mut store, events)?;
    }
    match args.json {
        true => say_json(context, &args, &import)?,
        false => say(context, &args, &import, done)?,
    }
    Ok(Exit::OK)
}

fn prepare(
    context: &Context,
    args: &Args,
    project: &Project,
    plan: &Plan,
) -> anyhow::Result<Import> {
    let path = context.start()?.join(&args.from_path);
    let found = found::find(&args.from_path, &path, args.from.map(Format::from))?;
    let folder = match &args.into {
        Some(name) => folder(name)?,
        None => format!("{}/", usual_folder(found.format, &path)),
    };
    let batch = read(found.format, &found.given, found.settings.as_ref()).map_err(refused)?;
    let exists = |name: &str| TaskId::parse(name).is_ok_and(|id| plan.find(&id).is_some());
    let Arrangement { tasks, notes } =
        arrange(batch, found.format, folder.trim_end_matches('/'), exists).map_err(refused)?;
    let is_new = |id: &String| {
        let path = project.root.join(".runr/tasks").join(id);
        path.symlink_metadata().is_err()
    };
    Ok(Import {
        format: found.format,
        folder,
        new: tasks
            .iter()
            .map(|task| task.id.clone())
            .filter(is_new)
            .collect(),
        tasks,
        notes,
    })
}

fn refused(error: IntakeError) -> Failure {
    let failure = Failure::usage(one_line(&error.to_string()));
    match error {
        IntakeError::Cycle { .. } => {
            failure.help("take one of these prerequisites out there, then import again")
        }
        IntakeError::TooLarge { .. } | IntakeError::TooMany { .. } => {
            failure.help("import it in parts")
        }
        _ => failure,
    }
}

/// The tool's name; a checklist's own, or that of its folder when it is called as they all are.
fn usual_folder(format: Format, path: &Path) -> String {
    if format != Format::Checklist {
        return format.word().to_owned();
    }
    let stem = |path: &Path| path.file_stem().map(|stem| slug(&stem.to_string_lossy()));
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let own = stem(&path).unwrap_or_default();
    if path.is_dir() || !matches!(own.as_str(), "tasks" | "todo" | "") {
        return own;
    }
    path.parent()
        .and_then(stem)
        .unwrap_or_else(|| format.word().to_owned())
}

/// What is done there is completed here, unless more is known of it already.
fn events(import: &Import, plan: &Plan, store: &Store, now: Timestamp) -> Vec<Event> {
    let event = |task: &Arranged| {
        let at = task.done?;
        let id = TaskId::parse(&task.id).ok()?;
        let text = plan.task(plan.find(&id)?).text;
        if store.state().tasks.contains_key(&id) {
            return None;
        }
        Some(Event::Imported {
            task: id,
            status: Status::Completed,
            run: None,
            when: at.unwrap_or(now),
            sha: None,
            source: Source::Manual,
            reason: None,
            message: Some(format!(
                "done in {}, as `{}`",
                import.format.word(),
                one_line(&task.key)
            )),
            fingerprint: Some(text),
        })
    };
    import.tasks.iter().filter_map(event).collect()
}

fn record(context: &Context, store: &mut Store, events: Vec<Event>) -> anyhow::Result<()> {
    if events.is_empty() {
        return Ok(());
    }
    let told = store.notices().len();
    let done = store.append(events)?;
    context.tell(&store.notices()[told..])?;
    if let Err(error) = store.write_cache() {
        writeln!(context.err(), "warning: {error}; it is rebuilt later")?;
    }
    match done.refused.into_iter().next() {
        None => Ok(()),
        // Somebody recorded it in the meantime; theirs stands.
        Some(refused) => {
            writeln!(context.err(), "note: {}", refused.why)?;
            Ok(())
        }
    }
}

fn say(context: &Context, args: &Args, import: &Import, done: usize) -> anyhow::Result<()> {
    let (all, new) = (import.tasks.len(), import.new.len());
    let mut out = context.out();
    if args.dry_run {
        for task in import
            .tasks
            .iter()
            .filter(|task| import.new.contains(&task.id))
        {
            let state = if task.done.is_some() {
                "  completed"
            } else {
                ""
            };
            let needs = match task.needs.is_empty() {
                true => String::new(),
                false => format!("  after {}", task.needs.join(", ")),
            };
            writeln!(out, "would write .runr/tasks/{}{state}{needs}", task.id)?;
        }
    }
    let verb = if args.dry_run {
        "would import"
    } else {
        "imported"
    };
    let tasks = if new == 1 { "task" } else { "tasks" };
    let completed = match done {
        0 => String::new(),
        done => format!(", {done} completed there and here"),
    };
    let kept = match all - new {
        0 => String::new(),
        kept => format!("; {kept} there already, kept as they are"),
    };
    let (format, folder) = (import.format.word(), &import.folder);
    match (new, all) {
        (0, 1) => writeln!(
            out,
            "nothing new: the task of {format} is in .runr/tasks/{folder} already and stays as it is{completed}"
        )?,
        (0, all) => writeln!(
            out,
            "nothing new: all {all} tasks of {format} are in .runr/tasks/{folder} already and stay as they are{completed}"
        )?,
        _ => writeln!(
            out,
            "{verb} {new} {tasks} of {format} into .runr/tasks/{folder}{completed}{kept}"
        )?,
    }
    if context.quiet() {
        return Ok(());
    }
    let mut err = context.err();
    for note in import.notes.iter().take(NOTES) {
        writeln!(err, "note: {}", one_line(note))?;
    }
    if import.notes.len() > NOTES {
        writeln!(
            err,
            "note: and {} more of this kind",
            import.notes.len() - NOTES
        )?;
    }
    Ok(())
}

fn say_json(context: &Context, args: &Args, import: &Import) -> anyhow::Result<()> {
    let task = |task: &Arranged| {
        json!({
            "task": task.id,
            "file": format!(".runr/tasks/{}", task.id),
            "title": task.title,
            "key": task.key,
            "depends_on": task.needs,
            "completed": task.done.is_some(),
            "new": import.new.contains(&task.id),
        })
    };
    let said = json!({
        "schema_version": 1,
        "from": import.format.word(),
        "written": !args.dry_run,
        "tasks": import.tasks.iter().map(task).collect::<Vec<_>>(),
        "notes": import.notes,
    });
    writeln!(context.out(), "{said}")?;
    Ok(())
}
