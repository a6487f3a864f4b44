//! The picture as one page to send to somebody: nothing is loaded, nothing is asked for.
//!
//! Knows the drawing, the picture and the script that moves it. Texts stand in the picture, escaped as there,
//! and in one block of JSON in which no `<` is left.

use crate::render::look::{Look, explain};
use crate::render::svg::{self, Unfit, escaped};
use crate::render::{Drawing, VIEWER, json};
use serde::Serialize;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What the page shows of a task that is selected.
#[derive(Serialize)]
struct Entry<'a> {
    task: &'a str,
    title: &'a str,
    kind: &'static str,
    look: &'static str,
    words: String,
    needs: Vec<&'a str>,
    needed_by: Vec<&'a str>,
}

/// Writes the page. `name` is what the project is called.
///
/// # Errors
/// When there is more than can be shown; a smaller part still can.
pub fn html(drawing: &Drawing, name: &str) -> Result<String, Unfit> {
    let picture = svg::svg(drawing)?;
    let id = |node: usize| drawing.nodes[node].id.as_str();
    let (incoming, outgoing) = (drawing.incoming(), drawing.outgoing());
    let entries: Vec<Entry<'_>> = drawing
        .nodes
        .iter()
        .enumerate()
        .map(|(i, node)| Entry {
            task: node.id.as_str(),
            title: &node.title,
            kind: node.kind.word(),
            look: Look::of(node).words(),
            words: explain(node),
            needs: incoming[i]
                .iter()
                .map(|e| id(drawing.edges[*e].from))
                .collect(),
            needed_by: outgoing[i]
                .iter()
                .map(|e| id(drawing.edges[*e].to))
                .collect(),
        })
        .collect();
    // Strings and sequences only: there is nothing that could fail to be written.
    let data = json::harmless(serde_json::to_string(&entries).unwrap_or_default());
    let data = data.replace('<', "\\u003c");
    let title = escaped(name);
    // The nonce is known to everybody; it keeps out attributes and addresses that run something, should a name
    // ever get past the escaping.
    Ok(format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-runr'\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{title}: graph of tasks</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <header><h1>{title}</h1><p id=\"counts\"></p>\
         <label>Find <input id=\"find\" type=\"search\" autocomplete=\"off\"></label>\
         <span class=\"zoom\"><button id=\"out\" aria-label=\"zoom out\">−</button>\
         <button id=\"fit\">Fit</button><button id=\"in\" aria-label=\"zoom in\">+</button></span></header>\n\
         <main><div id=\"graph\" tabindex=\"0\" aria-label=\"graph of tasks; arrow keys move, plus and minus zoom\">\n{picture}</div>\n\
         <aside id=\"detail\" aria-live=\"polite\"></aside></main>\n\
         <script type=\"application/json\" id=\"data\">{data}</script>\n\
         <script nonce=\"runr\">\n{VIEWER}</script>\n<script nonce=\"runr\">\n{SCRIPT}</script>\n</body>\n</html>\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn names_that_bite_are_text_and_nothing_is_loaded() {
        let page = html(&samples::nasty(), "<b>\"&").unwrap();
        assert!(!page.contains("<b>"));
        // The picture's title, style and the page's own two scripts and data.
        assert_eq!(page.matches("<script").count(), 3);
        assert_eq!(page.matches("</script").count(), 3);
        assert!(!page.contains(" src=") && !page.contains("url(http") && !page.contains("@import"));
        assert!(
            !page
                .chars()
                .any(|c| c != '\n' && crate::render::label::steers(c))
        );
    }

    #[test]
    fn every_task_is_in_the_data_with_its_neighbours() {
        let drawing = samples::demo();
        let page = html(&drawing, "demo").unwrap();
        let data = page.split("id=\"data\">").nth(1).unwrap();
        let data = data.split("</script>").next().unwrap();
        let entries: Vec<serde_json::Value> = serde_json::from_str(data).unwrap();
        assert_eq!(entries.len(), drawing.nodes.len());
        let needs: usize = entries
            .iter()
            .map(|e| e["needs"].as_array().unwrap().len())
            .sum();
        let needed: usize = entries
            .iter()
            .map(|e| e["needed_by"].as_array().unwrap().len())
            .sum();
        assert_eq!((needs, needed), (drawing.edges.len(), drawing.edges.len()));
    }
}
