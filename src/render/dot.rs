//! The drawing in Graphviz's language.
//!
//! Knows DOT's quoting. Does not run Graphviz.

use std::fmt::{self, Write};

use crate::model::TaskKind;
use crate::render::label::{cut, one_line};
use crate::render::look::{Look, explain};
use crate::render::{Drawing, Node};
use crate::report::sanitise;

/// Columns of a title in a box.
const TITLE: usize = 40;

/// Writes the drawing as one `digraph`: nodes are named by task id, tracks are clusters.
#[must_use]
pub fn dot(drawing: &Drawing) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = write(&mut out, drawing);
    out
}

fn write(out: &mut impl Write, drawing: &Drawing) -> fmt::Result {
    writeln!(out, "digraph runr {{")?;
    writeln!(
        out,
        "  graph [rankdir=LR, ranksep=0.6, nodesep=0.2, fontname=\"Helvetica,sans-serif\", fontsize=12]"
    )?;
    writeln!(
        out,
        "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica,sans-serif\", fontsize=11, margin=\"0.12,0.06\"]"
    )?;
    writeln!(out, "  edge [color=\"#8a94a0\", arrowsize=0.7]")?;
    for (i, name) in drawing.tracks.iter().enumerate() {
        // The number keeps apart what escaping could make equal.
        writeln!(out, "  subgraph cluster_{i} {{")?;
        writeln!(
            out,
            "    graph [label={}, labeljust=l, style=\"rounded,filled\", color=\"#d5dae0\", fillcolor=\"#fafbfc\"]",
            label(&one_line(name))
        )?;
        for node in drawing.nodes.iter().filter(|n| n.track == Some(i)) {
            write_node(out, "    ", node)?;
        }
        writeln!(out, "  }}")?;
    }
    for node in drawing.nodes.iter().filter(|n| n.track.is_none()) {
        write_node(out, "  ", node)?;
    }
    for edge in &drawing.edges {
        let name = |node: usize| quoted(drawing.nodes[node].id.as_str());
        let style = if edge.critical {
            " [penwidth=2.6, color=\"#30363d\"]"
        } else {
            ""
        };
        writeln!(out, "  {} -> {}{style}", name(edge.from), name(edge.to))?;
    }
    writeln!(out, "}}")
}

fn write_node(out: &mut impl Write, indent: &str, node: &Node) -> fmt::Result {
    let look = Look::of(node);
    let colours = look.light();
    let mut text = format!("{} {}", look.glyph(), one_line(node.id.as_str()));
    let title = one_line(&node.title);
    if title != node.id.as_str() {
        text.push('\n');
        text.push_str(&cut(&title, TITLE));
    }
    let style = match node.kind {
        TaskKind::Automated => "",
        TaskKind::Manual => ", style=\"filled,dashed\"",
        TaskKind::Hybrid => ", style=\"rounded,filled,dashed\"",
    };
    if node.kind != TaskKind::Automated {
        text.push_str("\n(");
        text.push_str(node.kind.word());
        text.push(')');
    }
    if node.stale.is_some() {
        text.push_str("\n(stale)");
    }
    let width = if node.critical { ", penwidth=2.6" } else { "" };
    let tip = format!("{title}\n{}", one_line(&explain(node)));
    writeln!(
        out,
        "{indent}{} [label={}, tooltip={}, fillcolor=\"{}\", color=\"{}\", fontcolor=\"{}\"{style}{width}]",
        quoted(node.id.as_str()),
        label(&text),
        label(&tip),
        colours.fill,
        colours.line,
        colours.text,
    )
}

/// A quoted identifier. Only the quote means something inside; a task id has no backslash of its own,
/// so that making its characters visible keeps different ids different.
fn quoted(id: &str) -> String {
    format!("\"{}\"", sanitise(id).replace('"', "\\\""))
}

/// A quoted text that Graphviz shows as it is: backslashes begin its own escapes and `&` an entity,
/// also where XML would not allow one.
fn label(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '&' => out.push_str("&amp;"),
            // Not characters of XML, which Graphviz would copy into its drawing.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn labels_are_taken_word_for_word() {
        for (text, written) in [
            ("a \"b\"", r#""a \"b\"""#),
            (r"\N \G \l", r#""\\N \\G \\l""#),
            ("&lt; & &#34;", r#""&amp;lt; &amp; &amp;#34;""#),
            ("a\nb", r#""a\nb""#),
            ("<b>$(x)</script>", r#""<b>$(x)</script>""#),
        ] {
            assert_eq!(label(text), written);
        }
        assert_eq!(quoted("a\"b:c"), r#""a\"b:c""#);
    }

    #[test]
    fn projects_and_names_that_bite() {
        insta::assert_snapshot!("dot_demo", dot(&samples::demo()));
        insta::assert_snapshot!("dot_nasty", dot(&samples::nasty()));
    }
}
