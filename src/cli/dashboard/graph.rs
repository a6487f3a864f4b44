//! The graph: its picture, drawn once for each plan, and its edges.

use std::sync::Arc;

use serde::Serialize;

use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::seen::{Seen, json};
use crate::render::{self, Edges, Selection, Sheet};

#[derive(Serialize)]
struct Graph<'a> {
    generation: u64,
    /// `None`: too large to draw.
    svg: Option<String>,
    why_not: Option<String>,
    critical_path: Vec<&'a str>,
    /// Prerequisite, dependent: numbers of tasks in the order in which they are listed.
    edges: Vec<(usize, usize)>,
}

/// The picture as JSON; from memory when the plan is still the same.
pub fn graph(desk: &Desk, seen: &Seen) -> Arc<str> {
    let known = |kept: &Option<(u64, Arc<str>)>| {
        let (generation, text) = kept.as_ref()?;
        (*generation == seen.generation).then(|| Arc::clone(text))
    };
    let mut kept = desk
        .picture
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(text) = known(&kept) {
        return text;
    }
    let reduced = seen.drawing(&Selection {
        edges: Edges::Reduced,
        ..Selection::default()
    });
    let all = seen.drawing(&Selection::default());
    let (svg, why_not) = match render::svg_with(&reduced, Sheet::Outside) {
        Ok(svg) => (Some(svg), None),
        Err(unfit) => (None, Some(unfit.to_string())),
    };
    let graph = Graph {
        generation: seen.generation,
        svg,
        why_not,
        critical_path: all
            .critical_path
            .iter()
            .map(|node| all.nodes[*node].id.as_str())
            .collect(),
        edges: all.edges.iter().map(|edge| (edge.from, edge.to)).collect(),
    };
    let text: Arc<str> = json(&graph).into();
    *kept = Some((seen.generation, Arc::clone(&text)));
    text
}
