//! From a request to an answer: the guard in front of everything, then one function for each kind of route.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, Request as HttpRequest, State};
use axum::http::StatusCode;
use axum::http::header::{
    AUTHORIZATION, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, ORIGIN,
};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, on};
use serde::Deserialize;

use crate::cli::dashboard::act::{self, Sent};
use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::reply::{Refused, object, typed};
use crate::cli::dashboard::routes::{What, table};
use crate::cli::dashboard::seen::{Seen, json};
use crate::cli::dashboard::{graph, output, people, run_files, session, task, timeline};
use crate::cli::deciding::decide as decide_as;
use crate::model::{RunId, TaskId};
use crate::plan::TaskIx;
use crate::render;
use crate::web::{self, Message, Messages, Method};

/// Of any request, in bytes.
const BODY: usize = 16 * 1024;
/// Of a person's note, in bytes.
const NOTE: usize = 4_000;
/// A stream says at least this often that it is there: proxies and sleeping machines break silent ones.
const BREATH: Duration = Duration::from_secs(20);

/// What may stand behind the question mark.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    task: Option<String>,
    run: Option<String>,
}

/// All routes, behind the guard.
pub fn router(desk: Arc<Desk>) -> Router {
    let mut routes = Router::new();
    for (route, what) in table() {
        let filter = match route.method {
            Method::Get => MethodFilter::GET,
            Method::Post => MethodFilter::POST,
        };
        let desk = Arc::clone(&desk);
        let handler = move |query: Query<Asked>, body: Bytes| async move {
            answer(desk, what, query.0, body).await
        };
        routes = routes.route(route.path, on(filter, handler));
    }
    let routes = routes
        .fallback(|| async { Refused::new(StatusCode::NOT_FOUND, "there is nothing here") })
        .layer(DefaultBodyLimit::max(BODY));
    // Around a router of its own: what is layered onto routes comes after routing.
    Router::new()
        .fallback_service(routes)
        .layer(from_fn_with_state(desk, guard))
}

async fn guard(State(desk): State<Arc<Desk>>, request: HttpRequest, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let of = |name: HeaderName| all(&head.headers, &name);
    let asked = web::Request {
        method: head.method.as_str(),
        absolute: head.uri.authority().map(|authority| authority.as_str()),
        hosts: of(HOST),
        origins: of(ORIGIN),
        sites: of(HeaderName::from_static("sec-fetch-site")),
        content_types: of(CONTENT_TYPE),
        cookies: of(COOKIE),
        authorizations: of(AUTHORIZATION),
    };
    let path = head.uri.path();
    let verdict = web::judge(&asked, &desk.hosts, &desk.keys, |method| {
        web::find(&desk.routes, method, path)
    });
    let response = match verdict {
        Ok(_) => next.run(HttpRequest::from_parts(head, body)).await,
        Err(denied) => {
            let status = StatusCode::from_u16(denied.status()).unwrap_or(StatusCode::FORBIDDEN);
            Refused::new(status, denied.to_string()).into_response()
        }
    };
    web::dress(response)
}

/// All values of a header; one that is no text is nothing that we would ever accept.
fn all<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap_or("\u{fffd}"))
        .collect()
}

async fn answer(
    desk: Arc<Desk>,
    what: What,
    asked: Asked,
    body: Bytes,
) -> Result<Response, Refused> {
    match what {
        What::Asset(asset) => Ok(typed(asset.kind, asset.text)),
        What::Rules => Ok(typed("text/css; charset=utf-8", render::svg_rules())),
        What::Viewer => Ok(typed("text/javascript; charset=utf-8", render::VIEWER)),
        What::Session => session::begin(&desk),
        What::Open => {
            drop(place(&desk)?);
            Ok(object("{}".to_owned()).into_response())
        }
        What::Seen => Ok(object(now(&desk).await?.whole()).into_response()),
        What::Events => events(desk),
        What::Graph => {
            let seen = now(&desk).await?;
            let text = blocking(move || Ok(graph::graph(&desk, &seen))).await?;
            Ok(object(text.to_string()).into_response())
        }
        What::Task => {
            let seen = now(&desk).await?;
            let (ix, _) = named(&seen, asked.task.as_deref())?;
            let text = blocking(move || task::page(&desk, &seen, ix)).await?;
            Ok(object(text).into_response())
        }
        What::Evidence => {
            let seen = now(&desk).await?;
            let (ix, _) = named(&seen, asked.task.as_deref())?;
            let text = blocking(move || Ok(people::evidence(&desk, &seen, ix))).await?;
            Ok(object(text).into_response())
        }
        What::Timeline => {
            let text = blocking(move || Ok(timeline::timeline(&desk.places())?)).await?;
            Ok(object(text).into_response())
        }
        What::Log => {
            let run = run(&asked)?;
            let text = blocking(move || run_files::log(&desk.layout_of(&run), &run)).await?;
            Ok(plain(text))
        }
        What::Follow => {
            let run = run(&asked)?;
            let place = place(&desk)?;
            let (messages, response) = web::stream();
            Arc::clone(&desk).write(async move {
                let _place = place;
                output::follow(desk, run, messages).await;
            });
            Ok(response)
        }
        What::Diff => {
            let run = run(&asked)?;
            let text = blocking(move || run_files::diff(&desk.layout_of(&run), &run));
            Ok(plain(text.await?.unwrap_or_default()))
        }
        What::Prompt => {
            let run = run(&asked)?;
            let text = blocking(move || run_files::prompt(&desk.layout_of(&run), &run)).await?;
            Ok(plain(text.unwrap_or_default()))
        }
        What::Complete | What::Approve | What::Reject | What::Reset => {
            decide(desk, what, &body).await
        }
    }
}

fn plain(text: String) -> Response {
    typed("text/plain; charset=utf-8", text)
}

async fn now(desk: &Desk) -> Result<Arc<Seen>, Refused> {
    desk.ask.now().await.ok_or_else(Refused::ending)
}

/// Work that reads files, where it holds nobody up.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> Result<T, Refused> {
    let done = tokio::task::spawn_blocking(work).await;
    Ok(done.map_err(|error| Refused::from(anyhow::Error::from(error)))??)
}

fn run(asked: &Asked) -> Result<RunId, Refused> {
    let text = asked.run.as_deref().unwrap_or_default();
    RunId::parse(text)
        .map_err(|_| Refused::new(StatusCode::BAD_REQUEST, "`run` is the id of a run"))
}

/// A task by its whole id.
fn named(seen: &Seen, name: Option<&str>) -> Result<(TaskIx, String), Refused> {
    let name = name.unwrap_or_default();
    TaskId::parse(name)
        .ok()
        .and_then(|id| seen.loaded.plan.find(&id))
        .map(|ix| (ix, name.to_owned()))
        .ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "there is no such task"))
}

fn place(desk: &Desk) -> Result<tokio::sync::OwnedSemaphorePermit, Refused> {
    let streams = Arc::clone(&desk.streams);
    streams
        .try_acquire_owned()
        .map_err(|_| Refused::new(StatusCode::TOO_MANY_REQUESTS, "too many pages are open"))
}

fn events(desk: Arc<Desk>) -> Result<Response, Refused> {
    let place = place(&desk)?;
    let (messages, response) = web::stream();
    Arc::clone(&desk).write(async move {
        let _place = place;
        tell(&desk, messages).await;
    });
    Ok(response)
}

/// Everything first, then what changes.
async fn tell(desk: &Desk, mut messages: Messages) {
    let mut seen = desk.seen.subscribe();
    let Ok(mut last) = now(desk).await else {
        return;
    };
    let whole = Message {
        event: "whole",
        data: last.whole(),
    };
    if !messages.send(&whole) {
        return;
    }
    loop {
        let sent = tokio::select! {
            changed = seen.changed() => {
                if changed.is_err() {
                    return;
                }
                let next = Arc::clone(&seen.borrow_and_update());
                let data = next.since(&last);
                last = next;
                data.is_none_or(|data| messages.send(&Message { event: "change", data }))
            }
            () = tokio::time::sleep(BREATH) => messages.breathe(),
            () = messages.closed() => return,
        };
        if !sent {
            return;
        }
    }
}

async fn decide(desk: Arc<Desk>, what: What, body: &[u8]) -> Result<Response, Refused> {
    let sent: Sent = serde_json::from_slice(body)
        .map_err(|error| Refused::new(StatusCode::BAD_REQUEST, error.to_string()))?;
    let note = sent.note.filter(|note| !note.trim().is_empty());
    if note.as_ref().is_some_and(|note| note.len() > NOTE) {
        return Err(Refused::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("a note has at most {NOTE} bytes"),
        ));
    }
    if matches!(what, What::Reject) && note.is_none() {
        return Err(Refused::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "say what should be better: `note` is missing",
        ));
    }
    let seen = now(&desk).await?;
    let (ix, _) = named(&seen, Some(&sent.task))?;
    let task = seen.loaded.plan.task(ix).id.clone();
    let typed = desk.context.clone();
    let decision = act::decision(what, task, note)
        .ok_or_else(|| Refused::new(StatusCode::NOT_FOUND, "there is nothing here"))?;
    let said = blocking(move || Ok(decide_as(&typed, "dashboard", decision))).await?;
    Ok((act::status(said.exit), object(json(&said))).into_response())
}
