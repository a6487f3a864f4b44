//! Who may ask what, before anything is routed. Pure: headers in, a verdict out.
//!
//! The order matters. The Host comes first: it alone stops a page whose name was rebound to this machine, since
//! such a page is of the same origin as itself. Then fetch metadata and Origin, which stop other pages; the
//! method and the kind of body, which stop forms; the token last, which stops everybody else.
//!
//! Knows headers and secrets. Does not know what the routes do.

use crate::web::{Access, Entry, Keys, Method};

/// The names under which this server may be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hosts {
    port: u16,
    names: [String; 3],
}

impl Hosts {
    #[must_use]
    pub fn new(port: u16) -> Self {
        Self {
            port,
            names: ["127.0.0.1", "localhost", "[::1]"].map(|name| format!("{name}:{port}")),
        }
    }

    /// Tells the dashboards of one machine apart: cookies are not bound to ports.
    #[must_use]
    pub fn cookie_name(&self) -> String {
        format!("runr-{}", self.port)
    }
}

/// What of a request decides, as bytes that are no ASCII text made into `None`s of the caller's.
#[derive(Debug, Clone, Default)]
pub struct Request<'a> {
    pub method: &'a str,
    /// Does the request line name a whole address instead of a path?
    pub absolute: Option<&'a str>,
    pub hosts: Vec<&'a str>,
    pub origins: Vec<&'a str>,
    /// `Sec-Fetch-Site`.
    pub sites: Vec<&'a str>,
    pub content_types: Vec<&'a str>,
    pub cookies: Vec<&'a str>,
    pub authorizations: Vec<&'a str>,
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("this is not the host that was asked for")]
    Host,
    #[error("other sites may not ask")]
    Site,
    #[error("other origins may not ask")]
    Origin,
    #[error("only GET and POST are answered")]
    Method,
    #[error("changes are sent as application/json")]
    ContentType,
    #[error("open the address that `runr dashboard` has printed")]
    Token,
}

impl Denied {
    /// The status code.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::Host => 421,
            Self::Site | Self::Origin => 403,
            Self::Method => 405,
            Self::ContentType => 415,
            Self::Token => 401,
        }
    }
}

/// Judges a request; `access` says who may ask for a method and path.
///
/// # Errors
/// The first reason to refuse it.
pub fn judge(
    request: &Request<'_>,
    hosts: &Hosts,
    keys: &Keys,
    access: impl FnOnce(Method) -> Access,
) -> Result<Option<Entry>, Denied> {
    let [host] = request.hosts[..] else {
        return Err(Denied::Host);
    };
    if request.absolute.is_some() || !hosts.names.iter().any(|name| name == host) {
        return Err(Denied::Host);
    }
    let reads = match request.method {
        "GET" | "HEAD" => Some(true),
        "POST" => Some(false),
        _ => None,
    };
    match request.sites[..] {
        [] | ["same-origin"] => {}
        // Typed into the address line, which never sends anything.
        ["none"] if reads == Some(true) => {}
        // `same-site` too: every other server on this machine is of the same site.
        _ => return Err(Denied::Site),
    }
    match request.origins[..] {
        [] => {}
        [origin] if origin.strip_prefix("http://") == Some(host) => {}
        _ => return Err(Denied::Origin),
    }
    let method = match reads {
        Some(true) => Method::Get,
        Some(false) => Method::Post,
        None => return Err(Denied::Method),
    };
    if method == Method::Post && !is_json(&request.content_types) {
        return Err(Denied::ContentType);
    }
    let access = access(method);
    if access == Access::Shell {
        return Ok(None);
    }
    entry(request, hosts, keys, method, access)
        .map(Some)
        .ok_or(Denied::Token)
}

fn is_json(types: &[&str]) -> bool {
    let [kind] = types else {
        return false;
    };
    let (kind, rest) = kind.split_once(';').unwrap_or((kind, ""));
    let plain = matches!(
        rest.trim().to_ascii_lowercase().as_str(),
        "" | "charset=utf-8"
    );
    plain && kind.trim().eq_ignore_ascii_case("application/json")
}

fn entry(
    request: &Request<'_>,
    hosts: &Hosts,
    keys: &Keys,
    method: Method,
    access: Access,
) -> Option<Entry> {
    match request.authorizations[..] {
        [] => {}
        [said] => {
            let text = said.strip_prefix("Bearer ")?;
            if keys.is_token(text) {
                return Some(Entry::Bearer);
            }
            let once = access == Access::Exchange && keys.take_once(text);
            return once.then_some(Entry::Once);
        }
        _ => return None,
    }
    if access == Access::Exchange {
        return None;
    }
    // Browsers name their origin with every change: a cookie without one is no browser's.
    if method == Method::Post && request.origins.is_empty() {
        return None;
    }
    let name = hosts.cookie_name();
    let mut ours = request
        .cookies
        .iter()
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name);
    match (ours.next(), ours.next()) {
        (Some((_, value)), None) if keys.is_cookie(value) => Some(Entry::Cookie),
        _ => None,
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
