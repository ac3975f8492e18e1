//! The URL of a cluster. There is no registered form; this is the one that clients with several
//! seeds use.

use std::fmt;
use std::str::FromStr;

use ::redis::{ConnectionAddr, ConnectionInfo};

use crate::backend::redis::hosts::{Host, HostsError, hosts};
use crate::backend::redis::server_url::{server, shown_user};
use crate::backend::redis::tls::{self, TlsError, TlsOptions};

/// The port of a node without one in the URL.
const DEFAULT_PORT: u16 = 6379;

/// The seed nodes, and the credentials for all nodes.
///
/// `Display` leaves the password out.
#[derive(Clone)]
pub(in crate::backend::redis) struct ClusterAddress {
    /// At least one.
    pub(super) seeds: Vec<Host>,
    /// How to connect to any node.
    to_node: ConnectionInfo,
}

/// Why a text is not the URL of a cluster. It does not repeat the text, which may contain a
/// password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterUrlError {
    /// There is no node, or one of them has no host.
    #[error("name the host and port of some of the nodes, as in redis+cluster://a:6379,b:6379")]
    NoNode,
    /// A node's port is invalid.
    #[error("a node's port is a number from 1 to 65535; without one it is {DEFAULT_PORT}")]
    BadPort,
    /// It names a database.
    #[error("a cluster has only database 0; leave it out")]
    Database,
    /// Another part cannot be parsed.
    #[error(
        "write redis+cluster://[user[:password]@]host[:port][,host[:port]…], or the same with \
         rediss+cluster:// for TLS, with #, /, ?, @, % and : in a password percent-encoded"
    )]
    Malformed,
}

impl From<HostsError> for ClusterUrlError {
    fn from(error: HostsError) -> Self {
        match error {
            HostsError::Missing => Self::NoNode,
            HostsError::BadPort => Self::BadPort,
            HostsError::Malformed => Self::Malformed,
        }
    }
}

impl FromStr for ClusterAddress {
    type Err = ClusterUrlError;

    fn from_str(url: &str) -> Result<Self, ClusterUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(ClusterUrlError::NoNode)?;
        let over_tls = scheme.eq_ignore_ascii_case("rediss+cluster");
        if rest.contains(['#', '?']) {
            return Err(ClusterUrlError::Malformed);
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, names) = authority.rsplit_once('@').unwrap_or(("", authority));
        let seeds = hosts(names, DEFAULT_PORT)?;
        match path {
            "" | "0" => {}
            // Any other path may come from a stray slash in a password.
            _ if path.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(ClusterUrlError::Database);
            }
            _ => return Err(ClusterUrlError::Malformed),
        }
        if over_tls && !seeds.iter().all(Host::is_verifiable) {
            return Err(ClusterUrlError::Malformed);
        }
        // The other parts mean the same as in the URL of a server.
        let scheme = if over_tls { "rediss" } else { "redis" };
        let to_node = server(&format!("{scheme}://{user}@localhost"));
        let to_node = to_node.map_err(|_| ClusterUrlError::Malformed)?;
        Ok(Self { seeds, to_node })
    }
}

impl ClusterAddress {
    /// Returns the same address, with the certificates for each node.
    pub(in crate::backend::redis) fn with_tls(
        &self,
        options: &TlsOptions,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            seeds: self.seeds.clone(),
            to_node: tls::with_certificates(self.to_node.clone(), options)?,
        })
    }

    /// Returns how to connect to a node.
    pub(super) fn node(&self, host: &Host) -> ConnectionInfo {
        host.reached_by(&self.to_node)
    }

    /// Returns whether connections to nodes use TLS.
    pub(super) fn is_over_tls(&self) -> bool {
        matches!(self.to_node.addr(), ConnectionAddr::TcpTls { .. })
    }

    fn parts(&self) -> (&[Host], bool, [Option<&str>; 2]) {
        let settings = self.to_node.redis_settings();
        let credentials = [settings.username(), settings.password()];
        (&self.seeds, self.is_over_tls(), credentials)
    }
}

impl PartialEq for ClusterAddress {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl fmt::Display for ClusterAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over_tls = self.is_over_tls();
        let scheme = if over_tls { "rediss" } else { "redis" };
        write!(f, "{scheme}+cluster://")?;
        f.write_str(&shown_user(self.to_node.redis_settings()))?;
        for (index, seed) in self.seeds.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{seed}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> ClusterUrlError {
        match url.parse::<ClusterAddress>() {
            Err(error) => error,
            Ok(address) => panic!("{url} must be refused, and is {address}"),
        }
    }

    #[test]
    fn from_str_parses_every_part() {
        let url = "redis+cluster://app:p%40ss@a,[::1]:7,c.example:8/0";
        let address: ClusterAddress = url.parse().unwrap();
        let host = |name: &str, port| Host {
            name: name.to_owned(),
            port,
        };
        let expected = [host("a", 6379), host("::1", 7), host("c.example", 8)];
        let parts = (&expected[..], false, [Some("app"), Some("p@ss")]);
        assert_eq!(address.parts(), parts);
        let over_tls: ClusterAddress = "rediss+cluster://a".parse().unwrap();
        assert!(over_tls.is_over_tls() && !address.is_over_tls());
        assert!(over_tls != "redis+cluster://a".parse().unwrap());
    }

    #[test]
    fn display_leaves_the_password_out_and_parses_to_the_same_without_it() {
        let url = "rediss+cluster://app:hunter2@a,[::1]:7";
        let shown = url.parse::<ClusterAddress>().unwrap().to_string();
        assert_eq!(shown, "rediss+cluster://app@a:6379,[::1]:7");
        let again = shown.parse::<ClusterAddress>().unwrap();
        assert_eq!(again.to_string(), shown.replace("app", "***"));
        assert!(again != url.parse().unwrap(), "the passwords differ");
    }

    #[test]
    fn from_str_missing_or_wrong_part_has_an_error_of_its_own() {
        use ClusterUrlError::{BadPort, Database, Malformed, NoNode};
        for (url, expected) in [
            ("redis+cluster:", NoNode),
            ("redis+cluster://", NoNode),
            ("redis+cluster://:pw@", NoNode),
            ("redis+cluster://a,,b", NoNode),
            ("redis+cluster://a,:1", NoNode),
            ("redis+cluster://a:port", BadPort),
            ("redis+cluster://a:0", BadPort),
            ("redis+cluster://a:1,b:66666", BadPort),
            ("redis+cluster://a:1/1", Database),
            ("redis+cluster://a:1/db", Malformed),
            ("redis+cluster://a:1/0/1", Malformed),
            ("redis+cluster://a b", Malformed),
            ("redis+cluster://fe80::1:7", Malformed),
            ("redis+cluster://a:1?db=0", Malformed),
            ("rediss+cluster://a..b", Malformed),
        ] {
            assert_eq!(error(url), expected, "{url}");
        }
    }

    #[test]
    fn from_str_password_with_a_stray_character_is_refused() {
        for url in [
            "redis+cluster://app:123#456@a:1",
            "redis+cluster://app:123/456@a:1",
            "redis+cluster://app:123?456@a:1",
            "redis+cluster://app:pa/456@a:1",
            "rediss+cluster://app:123#456@a:1",
        ] {
            error(url);
        }
    }
}
