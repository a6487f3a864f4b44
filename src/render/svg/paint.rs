//! Writes the picture.
//!
//! Knows where everything lies and what it is called. Decides no place.

use std::fmt::{self, Write};

use super::geometry::{Density, Flow, Geometry, MARGIN, NARROW, Rect};
use super::layers::{Kind, Lane, Layered};
use super::legend::Legend;
use super::measure::{Font, fit, fit_name, width};
use super::style;
use super::xml::escaped;
use super::{Px, Sheet};
use crate::model::TaskKind;
use crate::render::label::one_line;
use crate::render::look::{Look, explain};
use crate::render::{Drawing, Node};

pub fn paint(drawing: &Drawing, layered: &Layered, geometry: &Geometry, sheet: Sheet) -> String {
    let mut out = String::new();
    // Writing to a `String` cannot fail.
    let _ = write(&mut out, drawing, (layered, geometry), sheet);
    out
}

fn write(
    out: &mut String,
    drawing: &Drawing,
    (layered, geometry): (&Layered, &Geometry),
    sheet: Sheet,
) -> fmt::Result {
    let (inner, depth) = geometry.extent();
    let legend = Legend::new(drawing, inner.max(NARROW));
    let w = Px(inner.max(legend.width) + 2.0 * MARGIN);
    let h = Px(depth + 3.0 * MARGIN + legend.height);
    writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"runr\" viewBox=\"0 0 {w} {h}\" width=\"{w}\" height=\"{h}\" role=\"img\" aria-label=\"graph of {} tasks\">",
        drawing.nodes.len()
    )?;
    if sheet == Sheet::Inside {
        out.push_str(&style::sheet());
    }
    out.push_str(&style::definitions());
    writeln!(out, "<rect class=\"page\" width=\"{w}\" height=\"{h}\"/>")?;
    for (i, lane) in layered.lanes.iter().enumerate() {
        if let Lane::Track(track) = lane {
            write_lane(out, geometry.lane(i), *track, &drawing.tracks[*track])?;
        }
    }
    write_edges(out, layered, geometry)?;
    let class = match geometry.density {
        Density::Roomy => "tasks",
        Density::Compact => "tasks compact",
    };
    writeln!(out, "<g class=\"{class}\">")?;
    for (i, item) in layered.items.iter().enumerate() {
        if let Kind::Task(node) = item.kind {
            let rect = geometry.rect(i, layered);
            write_task(out, rect, geometry.density, &drawing.nodes[node])?;
        }
    }
    writeln!(out, "</g>")?;
    legend.write(out, depth + 2.0 * MARGIN)?;
    writeln!(out, "</svg>")
}

fn write_lane(out: &mut String, rect: Rect, track: usize, name: &str) -> fmt::Result {
    let Rect { x, y, w, h } = rect;
    let name = fit(&one_line(name), Font::Bold(12.0), w - 28.0);
    writeln!(
        out,
        "<g class=\"lane lane{}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"8\"/><text x=\"{}\" y=\"{}\">{}</text></g>",
        track % 3,
        Px(x),
        Px(y),
        Px(w),
        Px(h),
        Px(x + 14.0),
        Px(y + 20.0),
        escaped(&name)
    )
}

fn write_edges(out: &mut String, layered: &Layered, geometry: &Geometry) -> fmt::Result {
    writeln!(out, "<g class=\"edges\">")?;
    // The critical path lies on top.
    let (main, rest): (Vec<_>, Vec<_>) = layered.steps.iter().partition(|step| step.critical);
    for step in rest.into_iter().chain(main) {
        let [enter, leave, end] = geometry.line(step, layered);
        let half = f64::midpoint(leave.0, end.0);
        let point = |(along, across): (f64, f64)| match geometry.flow {
            Flow::Right => format!("{} {}", Px(along), Px(across)),
            Flow::Down => format!("{} {}", Px(across), Px(along)),
        };
        let class = if step.critical { " class=\"main\"" } else { "" };
        write!(out, "<path{class} d=\"M{}", point(enter))?;
        if leave != enter {
            write!(out, "L{}", point(leave))?;
        }
        if (leave.1 - end.1).abs() < 0.05 {
            write!(out, "L{}\"", point(end))?;
        } else {
            let (a, b) = (point((half, leave.1)), point((half, end.1)));
            write!(out, "C{a} {b} {}\"", point(end))?;
        }
        if let Kind::Task(_) = layered.items[step.to].kind {
            let head = if step.critical { "main" } else { "arrow" };
            write!(out, " marker-end=\"url(#runr-{head})\"")?;
        }
        writeln!(out, "/>")?;
    }
    writeln!(out, "</g>")
}

fn write_task(out: &mut String, rect: Rect, density: Density, node: &Node) -> fmt::Result {
    let Rect { x, y, w, h } = rect;
    let look = Look::of(node);
    let mut class = format!("task {}", look.class());
    if node.kind != TaskKind::Automated {
        class.push_str(" people");
    }
    if node.critical {
        class.push_str(" critical");
    }
    let id = one_line(node.id.as_str());
    let title = one_line(&node.title);
    write!(
        out,
        "<g class=\"{class}\" data-task=\"{}\"><title>{}",
        escaped(node.id.as_str()),
        escaped(&id)
    )?;
    if title != id {
        write!(out, "\n{}", escaped(&title))?;
    }
    if node.kind != TaskKind::Automated {
        write!(out, "\n{}", node.kind.word())?;
    }
    write!(out, "\n{}</title>", escaped(&explain(node)))?;
    let radius = match node.kind {
        TaskKind::Automated | TaskKind::Hybrid => 6,
        TaskKind::Manual => 1,
    };
    write!(
        out,
        "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" rx=\"{radius}\"/>",
        Px(x),
        Px(y),
        Px(w),
        Px(h)
    )?;
    let room = w - density.before() - density.after();
    let second = density == Density::Roomy && title != id;
    let middle = if second { y + 16.0 } else { y + h / 2.0 };
    write!(
        out,
        "<use href=\"#{}\" x=\"{}\" y=\"{}\"/><text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
        style::glyph(look),
        Px(x + density.before() / 2.0 + 1.0),
        Px(middle),
        Px(x + density.before()),
        Px(middle + 4.0),
        escaped(&fit_name(&id, density.name(), room))
    )?;
    if second {
        write!(
            out,
            "<text x=\"{}\" y=\"{}\">{}</text>",
            Px(x + density.before()),
            Px(y + 34.0),
            escaped(&fit(&title, density.title(), room))
        )?;
    }
    let mut right = x + w - 6.0;
    if node.kind != TaskKind::Automated {
        right = write_pill(out, (right, y), node.kind.word())?;
    }
    if node.stale.is_some() {
        write_pill(out, (right, y), "stale")?;
    }
    writeln!(out, "</g>")
}

/// A small word on the upper border of a box, to the left of a point. Gives where the next one may end.
fn write_pill(out: &mut String, (right, y): (f64, f64), word: &str) -> Result<f64, fmt::Error> {
    let w = width(word, Font::Regular(9.0)) + 10.0;
    write!(
        out,
        "<g class=\"pill\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"13\" rx=\"6.5\"/><text x=\"{}\" y=\"{}\">{word}</text></g>",
        Px(right - w),
        Px(y - 7.0),
        Px(w),
        Px(right - w / 2.0),
        Px(y + 2.6)
    )?;
    Ok(right - w - 4.0)
}
