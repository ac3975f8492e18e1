//! URLs of backends: any text is parsed or refused, and a password is never shown.

#![no_main]

use std::error::Error;

use arbitrary::Arbitrary;
use flipcache::backend::{BackendUrl, UrlError};
use libfuzzer_sys::fuzz_target;

/// A part of the password. Nothing else in a URL here contains it, not even by chance.
const SECRET: &str = "Geheimnis7";

#[derive(Arbitrary, Debug)]
enum Input<'a> {
    Any(&'a str),
    /// A password with something around it, as it is or percent-encoded.
    WithPassword {
        form: Form,
        user: &'a str,
        before: &'a str,
        after: &'a str,
        is_encoded: bool,
        database: u8,
    },
}

#[derive(Arbitrary, Clone, Copy, Debug)]
enum Form {
    Redis,
    Rediss,
    Ipv6,
    Unix,
    Cluster,
    Other,
}

fuzz_target!(|input: Input<'_>| match input {
    Input::Any(url) => drop(
        url.parse::<BackendUrl>()
            .map(|url| format!("{url} {url:?}"))
    ),
    Input::WithPassword {
        form,
        user,
        before,
        after,
        is_encoded,
        database,
    } => {
        let user = encoded(user);
        let password = if is_encoded {
            encoded(before) + SECRET + &encoded(after)
        } else {
            [before, SECRET, after].concat()
        };
        // There, `&` ends a password, and what follows may be the user, who is shown.
        if matches!(form, Form::Unix) && password.contains('&') {
            return;
        }
        // A scheme ends at the first colon: with one in it, this may be the path of a file.
        if matches!(form, Form::Other) && before.contains(':') {
            return;
        }
        let url = match form {
            Form::Redis => format!("redis://{user}:{password}@host/{database}"),
            Form::Rediss => format!("rediss://{user}:{password}@host:7000/{database}"),
            Form::Ipv6 => format!("redis://{user}:{password}@[::1]/{database}"),
            Form::Unix => format!("unix:///run/socket?user={user}&pass={password}&db={database}"),
            Form::Cluster => format!("redis+cluster://{user}:{password}@host"),
            Form::Other => format!("{before}://{user}:{SECRET}@host"),
        };
        let parsed = parse(&url);
        if is_encoded && !matches!(form, Form::Cluster | Form::Other) {
            parsed.expect("nothing in it is left unescaped");
        }
    }
});

fn parse(url: &str) -> Result<BackendUrl, UrlError> {
    let parsed = url.parse::<BackendUrl>();
    let shown = match &parsed {
        Ok(BackendUrl::Sqlite(_)) => return parsed,
        Ok(url) => format!("{url} {url:?}"),
        Err(error) => format!("{error} {error:?} {:?}", error.source()),
    };
    assert!(!shown.contains(SECRET), "the password is shown: {shown}");
    parsed
}

/// Percent-encoded, whatever it is.
fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
