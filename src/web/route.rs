//! What a route is: the tables of routes are the one list that the server, the guard and the tests read.

/// The methods that are answered at all. `HEAD` counts as `Get`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Changes something, recorded in the journal.
    Post,
}

/// Who may ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// A file of the page, the same for everybody: the browser needs it before it can show a token.
    Shell,
    /// Everything else: data are secrets.
    Token,
    /// The token itself, or the entry for one exchange; a cookie is not enough.
    Exchange,
}

/// One route. Paths hold no parameters: ids are in the query or the body, and nothing of a request names a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    pub method: Method,
    pub path: &'static str,
    pub access: Access,
}

impl Route {
    #[must_use]
    pub const fn get(path: &'static str) -> Self {
        Self {
            method: Method::Get,
            path,
            access: Access::Token,
        }
    }

    #[must_use]
    pub const fn post(path: &'static str) -> Self {
        Self {
            method: Method::Post,
            path,
            access: Access::Token,
        }
    }
}

/// Who may ask for a path. What is in no table asks for the token too: nobody learns what there is.
#[must_use]
pub fn find(routes: &[Route], method: Method, path: &str) -> Access {
    routes
        .iter()
        .find(|route| route.method == method && route.path == path)
        .map_or(Access::Token, |route| route.access)
}
