//! Server-sent events: a body that is written as things happen.
//!
//! Knows the format of messages. A reader that falls behind is told to begin anew and let go; nobody waits
//! for it.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use hyper::body::Frame;
use tokio::sync::mpsc::{self, OwnedPermit, Receiver, Sender};

/// Messages that may wait for a reader.
const WAITING: usize = 32;

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    pub event: &'static str,
    /// One line; JSON never has more.
    pub data: String,
}

impl Message {
    fn bytes(&self) -> Bytes {
        debug_assert!(!self.data.contains(['\n', '\r']));
        Bytes::from(format!("event: {}\ndata: {}\n\n", self.event, self.data))
    }
}

/// The writing end.
#[derive(Debug)]
pub struct Messages {
    sender: Sender<Bytes>,
    /// Room for the last word to a reader that has fallen behind.
    farewell: Option<OwnedPermit<Bytes>>,
}

impl Messages {
    /// Sends without waiting. `false`: the reader is gone, or has fallen behind and was told to begin anew.
    #[must_use]
    pub fn send(&mut self, message: &Message) -> bool {
        match self.sender.try_send(message.bytes()) {
            Ok(()) => true,
            Err(mpsc::error::TrySendError::Closed(_)) => false,
            Err(mpsc::error::TrySendError::Full(_)) => {
                let resync = Message {
                    event: "resync",
                    data: "{}".to_owned(),
                };
                if let Some(farewell) = self.farewell.take() {
                    farewell.send(resync.bytes());
                }
                false
            }
        }
    }

    /// Sends as soon as there is room: for what has one reader only, and can wait. `false`: the reader is gone.
    pub async fn send_patiently(&mut self, message: &Message) -> bool {
        self.sender.send(message.bytes()).await.is_ok()
    }

    /// Says that one is still there. A message, not a comment: the page hears messages only, and takes long silence
    /// for a server that is gone.
    #[must_use]
    pub fn breathe(&mut self) -> bool {
        let breath = Message {
            event: "breath",
            data: "{}".to_owned(),
        };
        let sent = self.sender.try_send(breath.bytes());
        !matches!(sent, Err(mpsc::error::TrySendError::Closed(_)))
    }

    /// Waits until the reader is gone. Cancel safe.
    pub async fn closed(&self) {
        self.sender.closed().await;
    }
}

struct Stream(Receiver<Bytes>);

impl HttpBody for Stream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(context)
            .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}

/// A new stream: its writing end, and the answer that carries it.
#[must_use]
pub fn stream() -> (Messages, Response) {
    let (sender, receiver) = mpsc::channel(WAITING);
    let farewell = sender.clone().try_reserve_owned().ok();
    let mut response = Response::new(Body::new(Stream(receiver)));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    (Messages { sender, farewell }, response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_reader_that_falls_behind_is_told_to_begin_anew() {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let farewell = sender.clone().try_reserve_owned().ok();
        let mut messages = Messages { sender, farewell };
        let message = Message {
            event: "change",
            data: "{}".to_owned(),
        };
        let mut sent = 0;
        while messages.send(&message) {
            sent += 1;
        }
        assert_eq!(sent, WAITING - 1);
        drop(messages);
        let mut last = Bytes::new();
        while let Some(bytes) = receiver.recv().await {
            last = bytes;
        }
        assert_eq!(last, "event: resync\ndata: {}\n\n");
    }

    #[tokio::test]
    async fn a_breath_is_a_message_that_a_page_hears() {
        let (sender, mut receiver) = mpsc::channel(WAITING);
        let mut messages = Messages {
            sender,
            farewell: None,
        };
        assert!(messages.breathe());
        let bytes = receiver.recv().await;
        assert_eq!(bytes.as_deref(), Some(&b"event: breath\ndata: {}\n\n"[..]));
    }

    #[tokio::test]
    async fn nobody_sends_to_a_reader_that_has_left() {
        let (mut messages, response) = stream();
        drop(response);
        assert!(!messages.breathe());
        messages.closed().await;
    }
}
