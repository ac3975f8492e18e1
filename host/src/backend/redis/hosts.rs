//! Several hosts in one URL: `a,b:7000,[::1]:7001`.

use std::fmt;
use std::net::Ipv6Addr;

use ::redis::{ConnectionAddr, ConnectionInfo};
use rustls::pki_types::ServerName;

use super::server_url::shown;

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Host {
    /// A name or an address, without brackets.
    pub(super) name: String,
    pub(super) port: u16,
}

impl Host {
    /// Returns how to connect there, given how to connect to another host.
    pub(super) fn reached_by(&self, elsewhere: &ConnectionInfo) -> ConnectionInfo {
        let (host, port) = (self.name.clone(), self.port);
        let address = match elsewhere.addr() {
            ConnectionAddr::TcpTls {
                insecure,
                tls_params,
                ..
            } => ConnectionAddr::TcpTls {
                host,
                port,
                insecure: *insecure,
                tls_params: tls_params.clone(),
            },
            _ => ConnectionAddr::Tcp(host, port),
        };
        elsewhere.clone().set_addr(address)
    }

    /// Returns whether a certificate can be issued for it.
    pub(super) fn is_verifiable(&self) -> bool {
        ServerName::try_from(self.name.as_str()).is_ok()
    }
}

/// The form in URLs and errors.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&ConnectionAddr::Tcp(self.name.clone(), self.port)))
    }
}

/// Why a text is not a list of hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostsError {
    /// There is none, or one of them has no name.
    Missing,
    BadPort,
    Malformed,
}

/// Parses the hosts of a URL, at least one.
pub(super) fn hosts(text: &str, default_port: u16) -> Result<Vec<Host>, HostsError> {
    text.split(',')
        .map(|text| host(text, default_port))
        .collect()
}

fn host(text: &str, default_port: u16) -> Result<Host, HostsError> {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port_number(port)?),
        _ => (text, default_port),
    };
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    let is_host = match inner {
        Some(inner) => inner.parse::<Ipv6Addr>().is_ok(),
        None => is_name(host),
    };
    match inner.unwrap_or(host) {
        "" => Err(HostsError::Missing),
        name if is_host => Ok(Host {
            name: name.to_owned(),
            port,
        }),
        _ => Err(HostsError::Malformed),
    }
}

/// Returns whether a text consists of characters of names. A stray character of a password must not
/// be shown as a name.
pub(super) fn is_name(text: &str) -> bool {
    text.chars()
        .all(|part| part.is_ascii_alphanumeric() || "._-".contains(part))
}

fn port_number(text: &str) -> Result<u16, HostsError> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| digits && *port != 0);
    port.ok_or(HostsError::BadPort)
}
