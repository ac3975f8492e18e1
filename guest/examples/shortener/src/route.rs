//! What a request asks for.

use crate::code::is_code;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route<'a> {
    /// `GET /`: how the service is used, and what its cache has done.
    Help,
    /// `POST /`: a new link, to the URL in the body.
    Shorten,
    /// `GET /CODE`.
    Follow(&'a str),
    /// A path that nothing can stand at.
    Nothing,
    /// A method that the path does not have.
    NotAllowed {
        /// Those that it has.
        allow: &'static str,
    },
}

impl<'a> Route<'a> {
    /// The route of a method and a path, whose query does not matter.
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
