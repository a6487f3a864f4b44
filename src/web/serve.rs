//! Takes connections and answers them, within limits, until told to stop.
//!
//! Knows connections. Does not know what is asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::web::Patient;

/// How much anybody may ask for.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// At one time; more wait to be taken.
    pub connections: usize,
    /// In number.
    pub headers: usize,
    /// Of the request line and the headers together, in bytes.
    pub head: usize,
    /// For the headers of a request to arrive.
    pub head_time: Duration,
    /// For the other side to take what was written.
    pub write_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 128,
            headers: 64,
            head: 16 * 1024,
            head_time: Duration::from_secs(10),
            write_time: Duration::from_secs(15),
        }
    }
}

/// Serves until `stop` is ready; open connections are then closed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()>,
) {
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut connections = JoinSet::new();
    tokio::pin!(stop);
    loop {
        // The semaphore is never closed.
        let Ok(place) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let (socket, from): (_, SocketAddr) = tokio::select! {
            () = &mut stop => return,
            taken = listener.accept() => match taken {
                Ok(taken) => taken,
                // Out of descriptors, or the other side has left already: others may have more luck.
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            },
        };
        while connections.try_join_next().is_some() {}
        if !from.ip().is_loopback() {
            continue;
        }
        // Small answers are not to wait for more to come.
        let _ = socket.set_nodelay(true);
        let socket = Patient::new(socket, limits.write_time);
        let service = TowerToHyperService::new(router.clone());
        connections.spawn(async move {
            let _place = place;
            // A connection that fails concerns its own page only, which asks again.
            let _ = hyper::server::conn::http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(limits.head_time)
                .max_headers(limits.headers)
                .max_buf_size(limits.head)
                .serve_connection(TokioIo::new(socket), service)
                .await;
        });
    }
}
