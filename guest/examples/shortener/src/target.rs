//! The URLs that links may lead to.

use http::Uri;

/// The longest body, in bytes.
pub const LONGEST: usize = 2_048;

/// Returns the URL in a body; `None` unless it is an `http` or `https` URL with a host. It is
/// ASCII, as headers are: other characters must be percent-encoded.
pub fn target(body: &[u8]) -> Option<&str> {
    let url = str::from_utf8(body).ok()?.trim();
    let plain = body.len() <= LONGEST && url.bytes().all(|byte| byte.is_ascii_graphic());
    let uri: Uri = plain.then(|| url.parse().ok()).flatten()?;
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    let host = uri.host().is_some_and(|host| !host.is_empty());
    (web && host).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn target_of_urls_of_the_web_is_the_url_without_space_around() {
        for url in [
            "https://example.com",
            "http://user@example.com:8080/a/b?c=d&e=%C3%A4#f",
            "HTTPS://[::1]/",
        ] {
            let body = format!(" {url}\r\n");
            assert_eq!(target(body.as_bytes()), Some(url));
        }
    }

    #[test]
    fn target_of_anything_else_is_none() {
        for body in [
            "",
            "example.com",
            "/a",
            "javascript:alert(1)",
            "ftp://example.com/",
            "http:///a",
            "https://example.com/\r\nset-cookie: a=b",
            "https://example.com/a b",
            "https://example.com/ä",
        ] {
            assert_eq!(target(body.as_bytes()), None, "{body:?}");
        }
        assert_eq!(target(b"https://example.com/\xff"), None);
        let long = format!("https://example.com/{}", "a".repeat(LONGEST));
        assert_eq!(target(long.as_bytes()), None);
    }
}
