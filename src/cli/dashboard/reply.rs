//! What is sent back: a body, or why there is none.

use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

use crate::cli::dashboard::seen::json;

/// Why there is no answer.
#[derive(Debug)]
pub struct Refused {
    status: StatusCode,
    message: String,
}

impl Refused {
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
        }
    }

    pub fn ending() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the dashboard is ending")
    }
}

impl From<anyhow::Error> for Refused {
    fn from(error: anyhow::Error) -> Self {
        let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, causes.join(": "))
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let text = json(&serde_json::json!({ "error": self.message }));
        (self.status, object(text)).into_response()
    }
}

/// A body of JSON.
pub fn object(text: String) -> impl IntoResponse {
    typed("application/json", text)
}

/// A body of this kind.
pub fn typed(kind: &'static str, text: impl Into<Body>) -> Response {
    let mut response = Response::new(text.into());
    let kind = HeaderValue::from_static(kind);
    response.headers_mut().insert(CONTENT_TYPE, kind);
    response
}
