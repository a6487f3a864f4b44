//! Starts the dashboard, says where it is, and ends it when asked.

use std::io::{IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::cli::dashboard::desk::{Desk, STREAMS};
use crate::cli::dashboard::feed::{Ask, Feed, Wake};
use crate::cli::dashboard::{answer, routes};
use crate::cli::following::Reader;
use crate::cli::{Context, Exit, Failure};
use crate::web::{self, Hosts, Keys, Limits, Secret};

/// What happens to the address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opening {
    /// It is printed, and opened if there is a screen.
    Browser,
    Print,
}

/// Serves until INT, TERM or HUP.
///
/// # Errors
/// When there is no project, its files are invalid (2), its journal cannot be read (4), or the port is taken.
pub fn run(context: &Context, port: u16, opening: Opening) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let loaded = context.load(&project, None)?;
    let store = context.stores(&project, &loaded.plan)?;
    let (wake, woken) = mpsc::channel();
    let ask = Ask::new(wake.clone());
    let mut reader = Reader::new(&project, loaded, store);
    reader.follow(Arc::new(move |changed| {
        // Nobody listens any more when the command is about to end.
        drop(wake.send(Wake::Changed(changed)));
    }))?;
    let mut feed = Feed::new(reader);
    let (publish, _) = watch::channel(Arc::new(feed.seen()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let reader = {
        let publish = publish.clone();
        std::thread::spawn(move || feed.run(&woken, &publish))
    };
    let served = runtime.block_on(async {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listener = TcpListener::bind(address).await.map_err(|error| {
            Failure::usage(format!("cannot listen on {address}: {error}"))
                .help("runr dashboard    takes any free port")
        })?;
        let port = listener.local_addr()?.port();
        let (token, once) = (secret()?, secret()?);
        let entry = once.text();
        let desk = Arc::new(Desk {
            context: context.clone(),
            ask: ask.clone(),
            seen: publish,
            keys: Keys::new(token, once),
            hosts: Hosts::new(port),
            routes: routes(),
            streams: Arc::new(Semaphore::new(STREAMS)),
            writers: Mutex::new(JoinSet::new()),
            picture: Mutex::new(None),
        });
        let page = format!("http://127.0.0.1:{port}/");
        writeln!(context.out(), "{page}#token={}", desk.keys.token())?;
        if !context.quiet() {
            let mut err = context.err();
            writeln!(
                err,
                "note: who has this address may decide in your name; interrupt to end"
            )?;
        }
        if opening == Opening::Browser && std::io::stdout().is_terminal() {
            open(&format!("{page}#once={entry}"));
        }
        let stop = stopped()?;
        web::serve(listener, answer::router(desk), Limits::default(), stop).await;
        anyhow::Ok(())
    });
    ask.stop();
    // Connections and streams that still wait for something end here.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served?;
    reader
        .join()
        .map_err(|_| anyhow::anyhow!("the reader of the journal has panicked"))?;
    Ok(Exit::OK)
}

fn secret() -> anyhow::Result<Secret> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).context("the system gives no random numbers")?;
    Ok(Secret::new(bits))
}

/// Ready with the first of the signals that end a program.
fn stopped() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

/// Asks the desktop to show the page. The address is printed all the same: nothing is said if this fails.
fn open(address: &str) {
    let has = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !has("DISPLAY") && !has("WAYLAND_DISPLAY") {
        return;
    }
    let started = Command::new("xdg-open")
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Ok(mut child) = started {
        std::thread::spawn(move || child.wait());
    }
}
