//! The table of routes: the server is made from it, the guard reads it, and the tests go through it.

use crate::web::{ASSETS, Access, Asset, Route};

/// What is behind a route.
#[derive(Debug, Clone, Copy)]
pub enum What {
    Asset(&'static Asset),
    /// The graph's style sheet.
    Rules,
    /// The script that moves the graph.
    Viewer,
    Session,
    /// Whether a stream could be opened now.
    Open,
    Seen,
    Events,
    Graph,
    Task,
    /// What there is to look at before a person answers.
    Evidence,
    Timeline,
    Log,
    Follow,
    Diff,
    Prompt,
    Complete,
    Approve,
    Reject,
    Reset,
}

/// Everything that is answered.
#[must_use]
pub fn table() -> Vec<(Route, What)> {
    let shell = |path| Route {
        access: Access::Shell,
        ..Route::get(path)
    };
    let exchange = Route {
        access: Access::Exchange,
        ..Route::post("/session")
    };
    let mut table: Vec<(Route, What)> = ASSETS
        .iter()
        .map(|asset| (shell(asset.path), What::Asset(asset)))
        .collect();
    table.extend([
        (shell("/graph.css"), What::Rules),
        (shell("/viewer.js"), What::Viewer),
        (exchange, What::Session),
        (Route::get("/api/open"), What::Open),
        (Route::get("/api/seen"), What::Seen),
        (Route::get("/api/events"), What::Events),
        (Route::get("/api/graph"), What::Graph),
        (Route::get("/api/task"), What::Task),
        (Route::get("/api/evidence"), What::Evidence),
        (Route::get("/api/timeline"), What::Timeline),
        (Route::get("/api/run/log"), What::Log),
        (Route::get("/api/run/follow"), What::Follow),
        (Route::get("/api/run/diff"), What::Diff),
        (Route::get("/api/run/prompt"), What::Prompt),
        (Route::post("/api/complete"), What::Complete),
        (Route::post("/api/approve"), What::Approve),
        (Route::post("/api/reject"), What::Reject),
        (Route::post("/api/reset"), What::Reset),
    ]);
    table
}

/// The routes alone.
#[must_use]
pub fn routes() -> Vec<Route> {
    table().into_iter().map(|(route, _)| route).collect()
}
