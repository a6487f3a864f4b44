//! `runr schema`: prints the JSON Schema of a kind of file, for editors.

use std::io::Write as _;

use crate::cli::{Context, Exit};
use crate::spec::schema;

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Editors that speak to the YAML language server check and complete a file by its first line:
  # yaml-language-server: $schema=schema/orchestration.json
after
  runr schema orchestration > .runr/schema/orchestration.json")]
pub struct Args {
    /// The kind of file
    #[arg(value_name = "FILE")]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kind {
    /// The frontmatter of a task file
    Task,
    /// .runr/config.yaml
    Config,
    /// An orchestration file
    Orchestration,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let schema = match args.kind {
        Kind::Task => schema::task(),
        Kind::Config => schema::config(),
        Kind::Orchestration => schema::orchestration(),
    };
    writeln!(context.out(), "{}", serde_json::to_string_pretty(&schema)?)?;
    Ok(Exit::OK)
}
