//! The files of the page, part of the program. They hold no data: the page fetches it with its token.

/// One file.
#[derive(Debug, Clone, Copy)]
pub struct Asset {
    pub path: &'static str,
    pub kind: &'static str,
    pub text: &'static str,
}

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// All of them, but for the graph's style sheet, which the drawing makes.
pub const ASSETS: &[Asset] = &[
    Asset {
        path: "/",
        kind: "text/html; charset=utf-8",
        text: include_str!("assets/index.html"),
    },
    Asset {
        path: "/app.css",
        kind: "text/css; charset=utf-8",
        text: include_str!("assets/app.css"),
    },
    Asset {
        path: "/app.js",
        kind: SCRIPT,
        text: include_str!("assets/app.js"),
    },
    Asset {
        path: "/overview.js",
        kind: SCRIPT,
        text: include_str!("assets/overview.js"),
    },
    Asset {
        path: "/tasks.js",
        kind: SCRIPT,
        text: include_str!("assets/tasks.js"),
    },
    Asset {
        path: "/graph.js",
        kind: SCRIPT,
        text: include_str!("assets/graph.js"),
    },
    Asset {
        path: "/detail.js",
        kind: SCRIPT,
        text: include_str!("assets/detail.js"),
    },
    Asset {
        path: "/decision.js",
        kind: SCRIPT,
        text: include_str!("assets/decision.js"),
    },
    Asset {
        path: "/run.js",
        kind: SCRIPT,
        text: include_str!("assets/run.js"),
    },
    Asset {
        path: "/people.js",
        kind: SCRIPT,
        text: include_str!("assets/people.js"),
    },
    Asset {
        path: "/timeline.js",
        kind: SCRIPT,
        text: include_str!("assets/timeline.js"),
    },
    Asset {
        path: "/stream.js",
        kind: SCRIPT,
        text: include_str!("assets/stream.js"),
    },
    Asset {
        path: "/pace.js",
        kind: SCRIPT,
        text: include_str!("assets/pace.js"),
    },
    Asset {
        path: "/dom.js",
        kind: SCRIPT,
        text: include_str!("assets/dom.js"),
    },
    Asset {
        path: "/icon.svg",
        kind: "image/svg+xml",
        text: include_str!("assets/icon.svg"),
    },
];
