//! Routes of requests.

use crate::code::is_code;

/// The route of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `GET /`: the usage of the service, and the counters of its cache.
    Help,
    /// `POST /`: a new link, to the URL in the body.
    Shorten,
    /// `GET /CODE`.
    Follow(&'a str),
    /// A path that no link can have.
    Nothing,
    /// A method that the path does not support.
    NotAllowed {
        /// The methods that it supports.
        allow: &'static str,
    },
}

impl<'a> Route<'a> {
    /// Returns the route of a method and a path; the query is ignored.
    pub fn of(method: &str, path: &'a str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        let reads = matches!(method, "GET" | "HEAD");
        match path.strip_prefix('/') {
            Some("") if reads => Self::Help,
            Some("") if method == "POST" => Self::Shorten,
            Some("") => Self::NotAllowed {
                allow: "GET, HEAD, POST",
            },
            Some(code) if !is_code(code) => Self::Nothing,
            Some(code) if reads => Self::Follow(code),
            Some(_) => Self::NotAllowed { allow: "GET, HEAD" },
            None => Self::Nothing,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_method_and_path_is_its_route() {
        let root = Route::NotAllowed {
            allow: "GET, HEAD, POST",
        };
        let link = Route::NotAllowed { allow: "GET, HEAD" };
        for (method, path, route) in [
            ("GET", "/", Route::Help),
            ("GET", "/?a=b", Route::Help),
            ("POST", "/", Route::Shorten),
            ("PUT", "/", root),
            ("GET", "/1aZ", Route::Follow("1aZ")),
            ("HEAD", "/1aZ?x", Route::Follow("1aZ")),
            ("DELETE", "/1aZ", link),
            ("GET", "/a/b", Route::Nothing),
            ("GET", "/favicon.ico", Route::Nothing),
            ("GET", "", Route::Nothing),
            ("OPTIONS", "*", Route::Nothing),
        ] {
            assert_eq!(Route::of(method, path), route, "{method} {path}");
        }
    }
}
