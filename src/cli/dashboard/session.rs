//! The exchange of the token for a cookie.

use axum::http::StatusCode;
use axum::http::header::{HeaderValue, SET_COOKIE};
use axum::response::{IntoResponse as _, Response};

use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::reply::{Refused, object};

/// Who comes here has shown the token already.
pub fn begin(desk: &Desk) -> Result<Response, Refused> {
    let cookie = format!(
        "{}={}; Path=/; HttpOnly; SameSite=Strict",
        desk.hosts.cookie_name(),
        desk.keys.cookie()
    );
    let cookie = HeaderValue::from_str(&cookie)
        .map_err(|error| Refused::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    let mut response = object("{\"ok\":true}".to_owned()).into_response();
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}
