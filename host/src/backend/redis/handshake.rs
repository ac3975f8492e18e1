//! Explains why a connection failed: over TLS, or without TLS to a server that expects it.
//!
//! Alerts and errors of the peer: <https://www.rfc-editor.org/rfc/rfc8446#section-6>.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::sync::Arc;

use ::redis::{ConnectionAddr, RedisError};
use rustls::{AlertDescription, CertificateError};

use super::wrong_scheme::WrongScheme;

/// An error of redis-rs behind an explanation.
#[derive(Debug, thiserror::Error)]
#[error("{words}")]
struct Explained {
    words: String,
    #[source]
    source: Option<RedisError>,
}

/// Adds an explanation to the error of an attempt to connect to `address`, if TLS may be the cause.
///
/// Errors that the server sent as a reply are unchanged.
pub(super) fn explain(address: &ConnectionAddr, error: RedisError) -> RedisError {
    let words = match address {
        ConnectionAddr::TcpTls { .. } => over_tls(&error),
        ConnectionAddr::Tcp(..) => in_plain(&error),
        _ => None,
    };
    let Some(words) = words else { return error };
    let explained = match of_rustls(&error) {
        Some(cause) => Explained {
            words: format!("{words}: {}", readable(&cause.to_string())),
            source: None,
        },
        None => Explained {
            words: words.to_owned(),
            source: Some(error),
        },
    };
    io::Error::other(explained).into()
}

/// Returns rustls' text with the names of Rust's types and variants in plain words: `UnknownIssuer`
/// becomes `unknown issuer`, and `Other(OtherError(CaUsedAsEndEntity))` becomes `ca used as end
/// entity`.
fn readable(text: &str) -> String {
    let mut words = String::with_capacity(text.len());
    let mut name = String::new();
    for next in text.chars().chain(['\n']) {
        if next.is_ascii_alphanumeric() {
            name.push(next);
            continue;
        }
        let is_wrapper = next == '(' && matches!(&*name, "WrongScheme" | "OtherError" | "Some");
        if !is_wrapper {
            words += &split(&name);
            words.push(next);
        }
        name.clear();
    }
    let opened = words.matches('(').count();
    let closed = words.matches(')').count();
    let words = words.trim_end();
    let unopened = closed.saturating_sub(opened).min(words.len());
    let end = words.len() - unopened;
    let is_bare = words.as_bytes()[end..].iter().all(|byte| *byte == b')');
    words[..if is_bare { end } else { words.len() }].to_owned()
}

/// Splits a name in camel case into words; any other text is unchanged.
fn split(name: &str) -> String {
    let is_name = name.starts_with(|first: char| first.is_ascii_uppercase())
        && name.contains(|part: char| part.is_ascii_lowercase());
    if !is_name {
        return name.to_owned();
    }
    let mut words = String::with_capacity(name.len() + 4);
    let mut was_small = false;
    for part in name.chars() {
        if part.is_ascii_uppercase() && was_small {
            words.push(' ');
        }
        was_small = !part.is_ascii_uppercase();
        words.push(part.to_ascii_lowercase());
    }
    words
}

/// Returns whether the server, or the system, closed the connection.
pub(super) fn is_hang_up(error: &RedisError) -> bool {
    of_io(error).is_some_and(|error| is_cut(error.kind()))
}

/// Returns whether the server needs a URL of another scheme.
pub(super) fn is_wrong_scheme(error: &RedisError) -> bool {
    let inner = of_io(error).and_then(io::Error::get_ref);
    inner.is_some_and(|inner| inner.is::<WrongScheme>())
}

fn over_tls(error: &RedisError) -> Option<&'static str> {
    if let Some(error) = of_rustls(error) {
        return Some(of_handshake(error));
    }
    match of_io(error)?.kind() {
        ErrorKind::TimedOut => Some("the TLS handshake timed out (is the port for TLS?)"),
        kind if is_cut(kind) => Some(
            "the server closed the connection during the TLS handshake (is the port for TLS? does \
             it ask for a client certificate?)",
        ),
        _ => None,
    }
}

fn of_handshake(error: &rustls::Error) -> &'static str {
    use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
    match error {
        InvalidCertificate(error) => of_certificate(error),
        InvalidMessage(_) => "the server does not speak TLS (without TLS, use redis://)",
        AlertReceived(
            AlertDescription::CertificateRequired
            | AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::AccessDenied,
        ) => "the server asks for another client certificate",
        AlertReceived(AlertDescription::HandshakeFailure) => {
            "the server refused the TLS handshake (does it ask for a client certificate?)"
        }
        _ => "the TLS handshake failed",
    }
}

fn of_certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "the server's certificate is for another host name"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid at this time"
        }
        // A root of the same name with another key leads to the latter.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "the server's certificate is not trusted (if its root is not one of the \
             platform's, name the file of the root)"
        }
        _ => "the server's certificate cannot be accepted",
    }
}

fn in_plain(error: &RedisError) -> Option<&'static str> {
    if error.kind() == ::redis::ErrorKind::Parse {
        return Some(
            "the server does not speak the Redis protocol (if it expects TLS, use rediss://)",
        );
    }
    is_hang_up(error).then_some(
        "the server closed the connection before it replied (if it expects TLS, use rediss://)",
    )
}

fn is_cut(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnexpectedEof
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
    )
}

/// Returns the error of rustls that tokio-rustls has wrapped in an I/O error.
fn of_rustls(error: &RedisError) -> Option<&rustls::Error> {
    of_io(error)?.get_ref()?.downcast_ref()
}

/// Returns the I/O error that redis-rs keeps behind a pointer.
fn of_io(error: &RedisError) -> Option<&io::Error> {
    let shared = error.source()?;
    let shared = shared.downcast_ref::<Arc<dyn Error + Send + Sync>>()?;
    shared.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tls() -> ConnectionAddr {
        ConnectionAddr::TcpTls {
            host: "localhost".to_owned(),
            port: 1,
            insecure: false,
            tls_params: None,
        }
    }

    fn plain() -> ConnectionAddr {
        ConnectionAddr::Tcp("localhost".to_owned(), 1)
    }

    fn text(address: &ConnectionAddr, error: impl Into<RedisError>) -> String {
        explain(address, error.into()).to_string()
    }

    #[test]
    fn explain_errors_of_rustls_are_distinguished() {
        use rustls::Error::{AlertReceived, InvalidCertificate, InvalidMessage};
        let message = rustls::InvalidMessage::InvalidContentType;
        let required = AlertDescription::CertificateRequired;
        for (error, expected) in [
            (
                InvalidCertificate(CertificateError::UnknownIssuer),
                "not trusted",
            ),
            (
                InvalidCertificate(CertificateError::NotValidForName),
                "another host name",
            ),
            (InvalidCertificate(CertificateError::Expired), "this time"),
            (
                InvalidCertificate(CertificateError::Revoked),
                "cannot be accepted",
            ),
            (InvalidMessage(message), "does not speak TLS"),
            (AlertReceived(required), "client certificate"),
            (rustls::Error::DecryptError, "handshake failed"),
        ] {
            let cause = readable(&error.to_string());
            let explained = explain(&tls(), io::Error::other(error).into());
            assert!(explained.to_string().contains(expected), "{explained}");
            assert!(
                crate::backend::describe(&explained).ends_with(&cause),
                "keep the cause {cause}"
            );
        }
    }

    #[test]
    fn explain_certificate_of_every_case_is_readable() {
        use rustls::OtherError;
        use rustls::pki_types::UnixTime;
        #[derive(Debug, thiserror::Error)]
        #[error("{self:?}")]
        enum Webpki {
            CaUsedAsEndEntity,
            MaximumSignatureChecksExceeded,
            UnsupportedCertVersion,
        }
        let other = |error: Webpki| CertificateError::Other(OtherError(Arc::new(error)));
        for (error, expected) in [
            (other(Webpki::CaUsedAsEndEntity), "ca used as end entity"),
            (
                other(Webpki::MaximumSignatureChecksExceeded),
                "maximum signature checks exceeded",
            ),
            (
                other(Webpki::UnsupportedCertVersion),
                "unsupported cert version",
            ),
            (CertificateError::UnknownIssuer, "unknown issuer"),
            (CertificateError::BadEncoding, "bad encoding"),
            (CertificateError::Revoked, "revoked"),
            (CertificateError::InvalidPurpose, "invalid purpose"),
            (
                CertificateError::ExpiredContext {
                    time: UnixTime::now(),
                    not_after: UnixTime::now(),
                },
                "expired",
            ),
        ] {
            let error = rustls::Error::InvalidCertificate(error);
            let explained = explain(&tls(), io::Error::other(error).into());
            let text = crate::backend::describe(&explained);
            assert!(text.contains(expected), "{text}");
            assert!(!text.contains("OtherError"), "{text}");
            let is_camel = |word: &str| {
                let inner = word.trim_matches(|part: char| !part.is_ascii_alphabetic());
                inner.chars().skip(1).any(|part| part.is_ascii_uppercase())
                    && inner.chars().any(|part| part.is_ascii_lowercase())
            };
            assert!(!text.split(' ').any(is_camel), "{text}");
        }
    }

    #[test]
    fn explain_hang_up_without_tls_names_the_other_scheme() {
        let reset = || io::Error::from(ErrorKind::ConnectionReset);
        assert!(text(&plain(), reset()).contains("rediss://"));
        assert!(text(&tls(), reset()).contains("is the port for TLS"));
    }

    #[test]
    fn explain_errors_without_tls_are_unchanged() {
        let refused = || RedisError::from(io::Error::from(ErrorKind::ConnectionRefused));
        let denied = || RedisError::from((::redis::ErrorKind::AuthenticationFailed, "no"));
        for address in [tls(), plain()] {
            assert_eq!(text(&address, refused()), refused().to_string());
            let after = explain(&address, denied());
            assert_eq!(after.kind(), denied().kind());
        }
    }
}
