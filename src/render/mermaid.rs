//! The drawing in Mermaid's language, as forges show it inside Markdown.
//!
//! Knows Mermaid's quoting and limits. Does not know who renders it.

use std::fmt::{self, Write};

use crate::model::TaskKind;
use crate::render::label::{cut, one_line};
use crate::render::look::Look;
use crate::render::{Drawing, Node};

/// Columns of a title in a box.
const TITLE: usize = 40;
/// Edges that a renderer with Mermaid's defaults draws.
const MAX_EDGES: usize = 500;
/// Characters that it reads.
const MAX_TEXT: usize = 50_000;

/// Writes the drawing as one flowchart.
#[must_use]
pub fn mermaid(drawing: &Drawing) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = write(&mut out, drawing);
    out
}

/// What a renderer with Mermaid's defaults has against a flowchart of [`mermaid`], and what leaves less of it. A document
/// cannot raise these limits, only the page that shows it
/// (<https://mermaid.js.org/config/schema-docs/config.html>, `secure`).
#[must_use]
pub fn too_much_for_mermaid(drawing: &Drawing, text: &str) -> Option<String> {
    let (edges, characters) = (drawing.edges.len(), text.chars().count());
    (edges > MAX_EDGES || characters > MAX_TEXT).then(|| {
        format!(
            "Mermaid draws at most {MAX_EDGES} dependencies from {MAX_TEXT} characters, and here are {edges} from {characters}; \
             `--reduce`, `--track` and `--focus` leave less, and the page that shows it may raise `maxEdges` and `maxTextSize`"
        )
    })
}

fn write(out: &mut impl Write, drawing: &Drawing) -> fmt::Result {
    writeln!(out, "flowchart LR")?;
    for (i, name) in drawing.tracks.iter().enumerate() {
        writeln!(out, "  subgraph track{i}[\"{}\"]", escaped(&one_line(name)))?;
        for (n, node) in numbered(drawing).filter(|(_, node)| node.track == Some(i)) {
            write_node(out, "    ", n, node)?;
        }
        writeln!(out, "  end")?;
    }
    for (n, node) in numbered(drawing).filter(|(_, node)| node.track.is_none()) {
        write_node(out, "  ", n, node)?;
    }
    for edge in &drawing.edges {
        let arrow = if edge.critical { "==>" } else { "-->" };
        writeln!(out, "  n{} {arrow} n{}", edge.from, edge.to)?;
    }
    for look in Look::ALL {
        let mut names = numbered(drawing)
            .filter(|(_, node)| Look::of(node) == look)
            .map(|(n, _)| format!("n{n}"))
            .peekable();
        if names.peek().is_some() {
            let c = look.light();
            let class = look.class();
            writeln!(
                out,
                "  classDef {class} fill:{},stroke:{},color:{}",
                c.fill, c.line, c.text
            )?;
            let names: Vec<String> = names.collect();
            writeln!(out, "  class {} {class}", names.join(","))?;
        }
    }
    for (class, rule, kept) in [
        (
            "people",
            "stroke-dasharray:5 3",
            (|n: &Node| n.kind != TaskKind::Automated) as fn(&Node) -> bool,
        ),
        ("critical", "stroke-width:3px", |n: &Node| n.critical),
    ] {
        let names: Vec<String> = numbered(drawing)
            .filter(|(_, node)| kept(node))
            .map(|(n, _)| format!("n{n}"))
            .collect();
        if !names.is_empty() {
            writeln!(out, "  classDef {class} {rule}")?;
            writeln!(out, "  class {} {class}", names.join(","))?;
        }
    }
    Ok(())
}

fn numbered(drawing: &Drawing) -> impl Iterator<Item = (usize, &Node)> {
    drawing.nodes.iter().enumerate()
}

fn write_node(out: &mut impl Write, indent: &str, number: usize, node: &Node) -> fmt::Result {
    let id = one_line(node.id.as_str());
    let title = one_line(&node.title);
    let mut text = format!("{} {}", Look::of(node).glyph(), escaped(&id));
    if title != id {
        text.push_str("<br>");
        text.push_str(&escaped(&cut(&title, TITLE)));
    }
    let (open, close) = match node.kind {
        TaskKind::Automated => ("(", ")"),
        TaskKind::Manual => ("[/", "/]"),
        TaskKind::Hybrid => ("([", "])"),
    };
    if node.kind != TaskKind::Automated {
        text.push_str("<br>(");
        text.push_str(node.kind.word());
        text.push(')');
    }
    if node.stale.is_some() {
        text.push_str("<br>(stale)");
    }
    writeln!(out, "{indent}n{number}{open}\"{text}\"{close}")
}

/// Writes as entity codes everything that Mermaid, its Markdown or HTML could take for its own.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let chars: Vec<char> = text.chars().collect();
    for (i, c) in chars.iter().copied().enumerate() {
        let near = |at: Option<usize>| {
            at.and_then(|at| chars.get(at))
                .is_some_and(|c| c.is_alphanumeric())
        };
        let plain = c.is_alphanumeric()
            // Emphasis begins and ends at the edges of words only.
            || (c == '_' && near(i.checked_sub(1)) && near(i.checked_add(1)))
            || matches!(c, ' ' | '-' | '.' | '/' | ',' | '(' | ')' | '+')
            || (!c.is_ascii() && !c.is_control());
        if plain {
            out.push(c);
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn nothing_of_the_text_is_syntax() {
        for (text, written) in [
            ("net/03-http.md", "net/03-http.md"),
            ("\"a\" & #b;", "#34;a#34; #38; #35;b#59;"),
            ("</script>", "#60;/script#62;"),
            ("`*x_y*`", "#96;#42;x_y#42;#96;"),
            ("ünïcode 你好", "ünïcode 你好"),
        ] {
            assert_eq!(escaped(text), written);
        }
    }

    #[test]
    fn projects_and_names_that_bite() {
        insta::assert_snapshot!("mermaid_demo", mermaid(&samples::demo()));
        insta::assert_snapshot!("mermaid_nasty", mermaid(&samples::nasty()));
    }
}
