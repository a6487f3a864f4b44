//! The reference as one page of Markdown: every command with its flags, and every key of the files.
//!
//! Knows the command line as clap describes it and the schemas as JSON. Says nothing of its own beyond headings, so that
//! it cannot differ from what the program takes.

use std::fmt::{self, Write as _};

use serde_json::Value;

/// Writes the page.
///
/// # Errors
/// When `out` cannot be written.
pub fn reference(command: &clap::Command, files: &[(&str, Value)]) -> Result<String, fmt::Error> {
    let mut out = String::new();
    writeln!(out, "# Reference\n")?;
    writeln!(
        out,
        "Made by `runr man --markdown` from the program itself; a test holds that it is current.\n"
    )?;
    writeln!(out, "## Commands\n")?;
    let everywhere = |arg: &&clap::Arg| arg.is_global_set() || arg.get_id() == "help";
    let common: Vec<&clap::Arg> = shown(command).filter(everywhere).collect();
    one(&mut out, command, &[])?;
    below(&mut out, command, &common)?;
    for (name, schema) in files {
        writeln!(out, "## Keys of {name}\n")?;
        writeln!(out, "| key | takes | |\n|---|---|---|")?;
        keys(&mut out, "", schema)?;
        writeln!(out)?;
    }
    Ok(out)
}

/// The commands below one, in the order of the help.
fn below(out: &mut String, command: &clap::Command, common: &[&clap::Arg]) -> fmt::Result {
    for below_it in command.get_subcommands().filter(|c| !c.is_hide_set()) {
        one(out, below_it, common)?;
        below(out, below_it, common)?;
    }
    Ok(())
}

fn shown(command: &clap::Command) -> impl Iterator<Item = &clap::Arg> {
    command.get_arguments().filter(|arg| !arg.is_hide_set())
}

fn one(out: &mut String, command: &clap::Command, common: &[&clap::Arg]) -> fmt::Result {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    writeln!(out, "### `{name}`\n")?;
    let about = command.get_about().map(ToString::to_string);
    writeln!(out, "{}\n", about.unwrap_or_default())?;
    let own: Vec<&clap::Arg> = shown(command)
        .filter(|arg| common.iter().all(|known| known.get_id() != arg.get_id()))
        .collect();
    for arg in &own {
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        writeln!(out, "- {}: {}{}", spelling(arg), help, choices(arg))?;
    }
    if !own.is_empty() {
        writeln!(out)?;
    }
    Ok(())
}

/// `-t`, `--task <TASK>`, or `<TASK>` alone.
fn spelling(arg: &clap::Arg) -> String {
    let value = match arg.get_action().takes_values() {
        false => String::new(),
        true => {
            let names = arg.get_value_names().unwrap_or_default();
            let names: Vec<String> = names.iter().map(|name| format!("<{name}>")).collect();
            names.join(" ")
        }
    };
    let long = arg.get_long().map(|long| format!("--{long} {value}"));
    let short = arg.get_short().map(|short| match &long {
        Some(_) => format!("-{short}"),
        None => format!("-{short} {value}"),
    });
    let mut spellings: Vec<String> = [short, long].into_iter().flatten().collect();
    if spellings.is_empty() {
        spellings.push(value);
    }
    let quoted: Vec<String> = spellings
        .iter()
        .map(|spelling| format!("`{}`", spelling.trim()))
        .collect();
    quoted.join(", ")
}

fn choices(arg: &clap::Arg) -> String {
    let values = arg.get_possible_values();
    if values.is_empty() || !arg.get_action().takes_values() {
        return String::new();
    }
    let names: Vec<String> = values
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    format!(" ({})", names.join(", "))
}

/// A row for each key of an object, and for the keys below it.
fn keys(out: &mut String, above: &str, schema: &Value) -> fmt::Result {
    let empty = serde_json::Map::new();
    for (name, value) in schema["properties"].as_object().unwrap_or(&empty) {
        let path = format!("{above}{name}");
        let said = value["description"].as_str().unwrap_or_default();
        let takes = takes(value).join(" or ");
        writeln!(out, "| `{path}` | {} | {} |", cell(&takes), cell(said))?;
        deeper(out, &path, value)?;
    }
    Ok(())
}

/// What stands below a key, in whichever of its forms has keys.
fn deeper(out: &mut String, path: &str, value: &Value) -> fmt::Result {
    keys(out, &format!("{path}."), value)?;
    if value["additionalProperties"].is_object() {
        keys(
            out,
            &format!("{path}.NAME."),
            &value["additionalProperties"],
        )?;
        any_of(out, &format!("{path}.NAME"), &value["additionalProperties"])?;
    }
    if value["items"].is_object() {
        deeper(out, &format!("{path}[]"), &value["items"])?;
    }
    any_of(out, path, value)
}

fn any_of(out: &mut String, path: &str, value: &Value) -> fmt::Result {
    for form in value["anyOf"].as_array().into_iter().flatten() {
        deeper(out, path, form)?;
    }
    Ok(())
}

/// The kinds of values that a key takes.
fn takes(value: &Value) -> Vec<String> {
    if let Some(words) = value["enum"].as_array() {
        let words = words.iter().filter_map(Value::as_str);
        return words.map(|word| format!("`{word}`")).collect();
    }
    if let Some(forms) = value["anyOf"].as_array() {
        let mut kinds: Vec<String> = forms.iter().flat_map(takes).collect();
        kinds.dedup();
        return kinds;
    }
    match &value["type"] {
        Value::String(kind) => vec![word(kind, value)],
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str);
            kinds.map(|kind| word(kind, value)).collect()
        }
        _ => vec!["anything".to_owned()],
    }
}

fn word(kind: &str, value: &Value) -> String {
    match kind {
        "array" => "list",
        "object" => "mapping",
        "string" if value["pattern"].is_string() => "duration",
        "string" => "text",
        other => other,
    }
    .to_owned()
}

/// A bar would end the cell.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_flag_and_every_key_has_a_line() {
        let mut command = clap::Command::new("tool")
            .about("Does things")
            .arg(
                clap::Arg::new("all")
                    .short('a')
                    .long("all")
                    .global(true)
                    .action(clap::ArgAction::SetTrue)
                    .help("All of it"),
            )
            .subcommand(
                clap::Command::new("make")
                    .about("Makes")
                    .arg(
                        clap::Arg::new("how")
                            .long("how")
                            .value_name("HOW")
                            .value_parser(["fast", "well"])
                            .help("In which way"),
                    )
                    .arg(clap::Arg::new("what").value_name("WHAT").help("This")),
            )
            .subcommand(clap::Command::new("hidden").hide(true));
        command.build();
        let schema = serde_json::json!({"properties": {
            "a": {"enum": ["x", "y|z"], "description": "one"},
            "b": {"additionalProperties": {"type": "object", "properties": {"c": {"type": "integer"}}}, "type": "object"},
            "d": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "object", "properties": {"e": {"type": "boolean"}}}]}}
        }});
        let page = reference(&command, &[("a file", schema)]).unwrap();
        for line in [
            "### `tool make`",
            "- `--how <HOW>`: In which way (`fast`, `well`)",
            "- `<WHAT>`: This",
            "| `a` | `x` or `y\\|z` | one |",
            "| `b.NAME.c` | integer |  |",
            "| `d[].e` | boolean |  |",
        ] {
            assert!(page.lines().any(|l| l == line), "{line}\n{page}");
        }
        assert!(!page.contains("hidden"), "{page}");
        assert_eq!(
            page.matches("--all").count(),
            1,
            "common flags once\n{page}"
        );
    }
}
