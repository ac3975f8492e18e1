//! Parses and shows the parts that the URLs of servers, sentinels and clusters share.

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, RedisConnectionInfo};
use rustls::pki_types::ServerName;

/// Why a text is not the URL of a server.
#[derive(Clone, Copy, Debug)]
pub(super) enum ServerUrlError {
    /// A part of it cannot be parsed.
    Malformed,
    /// It asks for connections without verification of the certificate.
    Insecure,
}

/// Returns the user as shown in a URL, with the `@`. A text alone before an `@` may be a password
/// without its colon: without a password, no user is shown.
pub(super) fn shown_user(settings: &RedisConnectionInfo) -> String {
    let has_password = settings
        .password()
        .is_some_and(|password| !password.is_empty());
    match settings.username() {
        None | Some("") => String::new(),
        Some(user) if has_password => format!("{user}@"),
        Some(_) => "***@".to_owned(),
    }
}

/// Parses the address of a server, in the form of redis-rs.
pub(super) fn server(url: &str) -> Result<ConnectionInfo, ServerUrlError> {
    let parsed = ::redis::parse_redis_url(url).ok_or(ServerUrlError::Malformed)?;
    let over_tls = parsed.scheme() == "rediss";
    if over_tls && parsed.fragment() == Some("insecure") {
        return Err(ServerUrlError::Insecure);
    }
    let options: &[&str] = match parsed.scheme() {
        "redis" | "rediss" => &[],
        _ => &["db", "user", "pass"],
    };
    // A stray character of a password must not end up in a part that is shown.
    let known = parsed
        .query_pairs()
        .all(|(name, _)| options.contains(&name.as_ref()));
    if parsed.fragment().is_some() || !known {
        return Err(ServerUrlError::Malformed);
    }
    let info = parsed
        .into_connection_info()
        .map_err(|_| ServerUrlError::Malformed)?;
    let settings = settings_of(info.redis_settings());
    let verifiable = match info.addr() {
        ConnectionAddr::TcpTls { host, .. } => ServerName::try_from(host.as_str()).is_ok(),
        _ => true,
    };
    if settings.db() < 0 || !verifiable {
        return Err(ServerUrlError::Malformed);
    }
    Ok(info.set_redis_settings(settings))
}

/// Adds this library's name to the credentials.
pub(super) fn settings_of(settings: &RedisConnectionInfo) -> RedisConnectionInfo {
    let settings = settings.clone();
    let settings = settings.set_lib_name(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    let named = settings.username().is_some_and(|user| !user.is_empty());
    match settings.password() {
        // Without a password redis-rs drops the user too, and connects as the default user.
        None if named => settings.set_password(""),
        _ => settings,
    }
}

/// Returns `host:port`, as in a URL.
pub(super) fn shown(server: &ConnectionAddr) -> String {
    match server {
        ConnectionAddr::Tcp(host, port) | ConnectionAddr::TcpTls { host, port, .. }
            if host.contains(':') =>
        {
            format!("[{host}]:{port}")
        }
        other => other.to_string(),
    }
}
