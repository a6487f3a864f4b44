//! The picture's style sheet, arrow heads and glyphs.
//!
//! Knows colours. Rules are bound to the class of the picture and names begin with `runr-`, so that
//! several pictures can stand in one page. Glyphs are drawn, not typed: no font has to have them.

use std::fmt::Write as _;

use crate::render::look::{Colours, Look};

/// Colours of everything that is not a state.
struct Page {
    back: &'static str,
    ink: &'static str,
    soft: &'static str,
    line: &'static str,
    lanes: [(&'static str, &'static str); 3],
}

const LIGHT: Page = Page {
    back: "#ffffff",
    ink: "#24292f",
    soft: "#57606a",
    line: "#98a2ae",
    lanes: [
        ("#f0f5fb", "#d3e0ee"),
        ("#f7f4ee", "#e5dccb"),
        ("#f3f2f9", "#dcd9ec"),
    ],
};

const DARK: Page = Page {
    back: "#0d1117",
    ink: "#e6edf3",
    soft: "#9aa4b0",
    line: "#7d8896",
    lanes: [
        ("#121a24", "#243243"),
        ("#1a1812", "#393322"),
        ("#17151f", "#302c42"),
    ],
};

/// The whole style element.
pub fn sheet() -> String {
    format!("<style>\n{}</style>\n", rules_of_all())
}

/// Every rule, light and dark.
pub fn rules_of_all() -> String {
    let mut css = String::from(
        ".runr text{font-family:system-ui,sans-serif;font-size:11px}\n\
         .runr .name{font-size:12px;font-weight:600}\n\
         .runr .compact .name{font-size:11px;font-weight:400}\n\
         .runr .lane text{font-size:12px;font-weight:600}\n\
         .runr .pill text{font-size:9px;text-anchor:middle}\n\
         .runr .task>rect{stroke-width:1.2}\n\
         .runr .ready>rect{stroke-width:1.8}\n\
         .runr .people>rect{stroke-dasharray:5 3}\n\
         .runr .critical>rect{stroke-width:2.8}\n\
         .runr .edges path{fill:none;stroke-width:1.2}\n\
         .runr .edges .main{stroke-width:2.6}\n",
    );
    rules(&mut css, &LIGHT, Look::light);
    css.push_str("@media (prefers-color-scheme:dark){\n");
    rules(&mut css, &DARK, Look::dark);
    css.push_str("}\n");
    css
}

fn rules(css: &mut String, page: &Page, colours: impl Fn(Look) -> Colours) {
    let Page {
        back,
        ink,
        soft,
        line,
        lanes,
    } = page;
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        css,
        ".runr .page,.runr .pill rect{{fill:{back}}}\n\
         .runr .legend text,.runr .lane text{{fill:{soft}}}\n\
         .runr .edges path{{stroke:{line}}}\n\
         .runr .edges .main{{stroke:{ink}}}\n\
         .runr .head{{fill:{line}}}\n\
         .runr .main-head{{fill:{ink}}}"
    );
    for (i, (fill, stroke)) in lanes.iter().enumerate() {
        let _ = writeln!(css, ".runr .lane{i} rect{{fill:{fill};stroke:{stroke}}}");
    }
    for look in Look::ALL {
        let Colours { fill, line, text } = colours(look);
        let class = look.class();
        let _ = writeln!(
            css,
            ".runr .{class}{{color:{line}}}\n\
             .runr .{class}>rect{{fill:{fill};stroke:{line}}}\n\
             .runr .{class}>text,.runr .{class} .pill text{{fill:{text}}}\n\
             .runr .{class} .pill rect{{stroke:{line}}}"
        );
    }
}

/// Arrow heads and glyphs.
pub fn definitions() -> String {
    let mut out = String::from("<defs>\n");
    for (id, class, size) in [("arrow", "head", 7), ("main", "main-head", 9)] {
        let _ = writeln!(
            out,
            "<marker id=\"runr-{id}\" viewBox=\"0 0 10 10\" refX=\"9\" refY=\"5\" markerWidth=\"{size}\" \
             markerHeight=\"{size}\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">\
             <path class=\"{class}\" d=\"M0 1L10 5L0 9Z\"/></marker>"
        );
    }
    let diamond = "M0 -5.4L5.4 0L0 5.4L-5.4 0Z";
    for (id, shapes) in [
        (
            "completed",
            "<path d=\"M-4.6 .4L-1.4 3.8L4.8 -3.8\"/>".to_owned(),
        ),
        (
            "failed",
            "<path d=\"M-3.9 -3.9L3.9 3.9M3.9 -3.9L-3.9 3.9\"/>".to_owned(),
        ),
        ("pending", "<circle r=\"4.6\"/>".to_owned()),
        (
            "running",
            "<circle r=\"4.6\"/><path fill=\"currentColor\" stroke=\"none\" d=\"M0 -4.6A4.6 4.6 0 0 0 0 4.6Z\"/>"
                .to_owned(),
        ),
        (
            "stopped",
            "<circle r=\"4.6\" stroke-dasharray=\"1.7 1.9\"/>".to_owned(),
        ),
        (
            "unknown",
            "<path d=\"M-2.6 -2.4A2.6 2.6 0 1 1 .8 -.1Q0 .4 0 1.8M0 4V4.9\"/>".to_owned(),
        ),
        ("skipped", format!("<path d=\"{diamond}\"/>")),
        (
            "awaiting",
            format!(
                "<path d=\"{diamond}\"/><path fill=\"currentColor\" stroke=\"none\" d=\"M0 -2.5L2.5 0L0 2.5L-2.5 0Z\"/>"
            ),
        ),
    ] {
        // Attributes, not rules: a rule that is bound to the picture's class does not reach what `use` shows.
        let _ = writeln!(
            out,
            "<g id=\"runr-{id}\" fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\">{shapes}</g>"
        );
    }
    out.push_str("</defs>\n");
    out
}

/// The id of a state's glyph.
pub fn glyph(look: Look) -> &'static str {
    match look {
        Look::Completed | Look::Stale => "runr-completed",
        Look::Ready | Look::Pending => "runr-pending",
        Look::InProgress => "runr-running",
        Look::Awaiting => "runr-awaiting",
        Look::Skipped => "runr-skipped",
        Look::Stopped => "runr-stopped",
        Look::Unknown => "runr-unknown",
        Look::Failed => "runr-failed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_glyph() {
        let defined = definitions();
        for look in Look::ALL {
            let id = glyph(look);
            assert!(defined.contains(&format!("id=\"{id}\"")), "{id}");
        }
    }
}
