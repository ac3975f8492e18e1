//! The address of a Redis server, and the credentials for it.
//!
//! The forms are those of redis-rs and of the IANA registration:
//! <https://www.iana.org/assignments/uri-schemes/prov/redis>.

use std::fmt;
use std::str::FromStr;

use ::redis::{ConnectionAddr, ConnectionInfo};

use super::cluster::{ClusterAddress, ClusterUrlError};
use super::sentinel::{SentinelAddress, SentinelUrlError};
use super::server_url::{ServerUrlError, server, shown, shown_user};
use super::tls::{self, TlsError, TlsOptions};

/// The address of one Redis server, with user, password, database and, for TLS, certificates; or
/// that of the sentinels that know the server, or of some nodes of a cluster.
///
/// `Display` and `Debug` leave passwords out. They and `==` leave out the certificates.
#[derive(Clone)]
pub struct RedisAddress(Kind);

/// Boxed: with room for certificates it would be ten times as large as any other URL.
#[derive(Clone)]
pub(super) enum Kind {
    Server(Box<ConnectionInfo>),
    Sentinels(Box<SentinelAddress>),
    Cluster(Box<ClusterAddress>),
}

impl RedisAddress {
    /// Returns the same address, with the certificates that the files hold now. They are not read
    /// again.
    ///
    /// # Errors
    ///
    /// [`TlsError`] if a file is missing or holds something else, if only one of a certificate and
    /// its key is named, or if files are named and the scheme is not `rediss`, `rediss+sentinel` or
    /// `rediss+cluster`.
    pub fn with_tls(&self, options: &TlsOptions) -> Result<Self, TlsError> {
        match &self.0 {
            Kind::Server(info) => {
                let info = tls::with_certificates(ConnectionInfo::clone(info), options)?;
                Ok(Self(Kind::Server(Box::new(info))))
            }
            Kind::Cluster(address) => {
                let address = address.with_tls(options)?;
                Ok(Self(Kind::Cluster(Box::new(address))))
            }
            Kind::Sentinels(address) => {
                let address = address.with_tls(options)?;
                Ok(Self(Kind::Sentinels(Box::new(address))))
            }
        }
    }

    /// Returns the kind of address.
    pub(super) fn kind(&self) -> &Kind {
        &self.0
    }
}

fn parts(info: &ConnectionInfo) -> (&ConnectionAddr, i64, Option<&str>, Option<&str>) {
    let settings = info.redis_settings();
    let (user, password) = (settings.username(), settings.password());
    (info.addr(), settings.db(), user, password)
}

impl PartialEq for RedisAddress {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Kind::Server(one), Kind::Server(other)) => parts(one) == parts(other),
            (Kind::Sentinels(one), Kind::Sentinels(other)) => one == other,
            (Kind::Cluster(one), Kind::Cluster(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for RedisAddress {}

impl FromStr for RedisAddress {
    type Err = AddressError;

    fn from_str(url: &str) -> Result<Self, AddressError> {
        let (scheme, rest) = url.split_once(':').unwrap_or(("", url));
        let scheme = canonical_scheme(scheme);
        let url = format!("{scheme}:{rest}");
        Ok(Self(match &*scheme {
            "redis+sentinel" | "rediss+sentinel" => Kind::Sentinels(Box::new(url.parse()?)),
            "redis+cluster" | "rediss+cluster" => Kind::Cluster(Box::new(url.parse()?)),
            _ => Kind::Server(Box::new(server(&url)?)),
        }))
    }
}

/// Returns Redis' name of a scheme: Valkey's own schemes mean the same.
pub(in crate::backend) fn canonical_scheme(scheme: &str) -> String {
    let scheme = scheme.to_ascii_lowercase();
    match scheme.strip_prefix("valkey") {
        Some(rest) => format!("redis{rest}"),
        None => scheme,
    }
}

impl fmt::Display for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let info = match &self.0 {
            Kind::Server(info) => info,
            Kind::Sentinels(address) => return address.fmt(f),
            Kind::Cluster(address) => return address.fmt(f),
        };
        let (server, database, user, _) = parts(info);
        let user = user.unwrap_or_default();
        if let ConnectionAddr::Unix(path) = server {
            write!(f, "redis+unix://{}?db={database}", path.display())?;
            return match user {
                "" => Ok(()),
                user => write!(f, "&user={user}"),
            };
        }
        let user = shown_user(info.redis_settings());
        let scheme = match server {
            ConnectionAddr::TcpTls { .. } => "rediss",
            _ => "redis",
        };
        write!(f, "{scheme}://{user}{}/{database}", shown(server))
    }
}

impl fmt::Debug for RedisAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RedisAddress({self})")
    }
}

/// Why a text is not the address of a Redis server. It does not repeat the text, which may contain
/// a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// A part of it cannot be parsed.
    #[error(
        "write redis://[user[:password]@]host[:port][/database], the same with rediss:// for TLS, \
         or redis+unix:///path[?db=…&user=…&pass=…], with #, /, ?, @, % and : in a password \
         percent-encoded"
    )]
    Malformed,
    /// It asks for connections without verification of the certificate.
    #[error(
        "#insecure is not supported, as any server could then pose as this one; name the file of \
         its root certificate instead"
    )]
    Insecure,
    /// It names sentinels, and is wrong.
    #[error(transparent)]
    Sentinels(#[from] SentinelUrlError),
    /// It names a cluster, and is wrong.
    #[error(transparent)]
    Cluster(#[from] ClusterUrlError),
}

impl From<ServerUrlError> for AddressError {
    fn from(error: ServerUrlError) -> Self {
        match error {
            ServerUrlError::Malformed => Self::Malformed,
            ServerUrlError::Insecure => Self::Insecure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_str_password_is_decoded_and_never_shown() {
        for url in [
            "redis://app:p%40ss%23w0rd@localhost:7000/2",
            "redis://:p%40ss%23w0rd@localhost",
            "rediss://app:p%40ss%23w0rd@localhost",
            "redis+unix:///run/redis.sock?db=2&user=app&pass=p%40ss%23w0rd",
            "unix:///run/redis.sock?pass=p%40ss%23w0rd",
        ] {
            let address: RedisAddress = url.parse().unwrap();
            let shown = format!("{address} {address:?}");

            let Kind::Server(info) = address.kind() else {
                panic!("{url} names a server");
            };
            assert_eq!(parts(info).3, Some("p@ss#w0rd"));
            assert!(!shown.contains("w0rd"), "leave the password out of {shown}");
        }
    }

    #[test]
    fn from_str_password_with_a_stray_character_is_refused_without_repeating_it() {
        for url in [
            "redis://app:123#456@localhost",
            "redis://app:123/456@localhost",
            "redis://app:123?456@localhost",
            "redis://app:pa#ss@localhost",
            "rediss://app:123#456@localhost",
            "rediss://app:123?456@localhost",
            "redis+unix:///run/redis.sock?pass=12#34",
            "redis+unix:///run/redis.sock?pass=12&34",
        ] {
            let error = url.parse::<RedisAddress>().unwrap_err();
            assert!(!format!("{error} {error:?}").contains("123"));
        }
    }

    #[test]
    fn display_one_part_before_the_at_may_be_a_password_and_is_not_shown() {
        for url in [
            "redis://hunter2@localhost",
            "redis://hunter2:@localhost",
            "rediss://hunter2@localhost/1",
            "redis+sentinel://hunter2@localhost/service",
            "redis+cluster://hunter2@localhost",
            "valkey://hunter2@localhost",
        ] {
            let address: RedisAddress = url.parse().unwrap();
            let shown = format!("{address} {address:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("***@localhost"), "{shown}");
        }
    }

    #[test]
    fn from_str_schemes_of_valkey_are_those_of_redis() {
        for (url, same) in [
            ("valkey://app:x@h:1/2", "redis://app:x@h:1/2"),
            ("VALKEYS://h", "rediss://h"),
            ("valkey+sentinel://h/s", "redis+sentinel://h/s"),
            ("valkeys+sentinel://h/s", "rediss+sentinel://h/s"),
            ("valkey+cluster://h", "redis+cluster://h"),
            ("valkeys+cluster://h", "rediss+cluster://h"),
            (
                "valkey+unix:///run/valkey.sock",
                "redis+unix:///run/valkey.sock",
            ),
        ] {
            let [address, same] = [url, same].map(|url| url.parse::<RedisAddress>().unwrap());
            assert!(address == same, "{address} must be {same}");
        }
        let insecure = "valkeys://host#insecure".parse::<RedisAddress>();
        assert_eq!(insecure.unwrap_err(), AddressError::Insecure);
    }

    #[test]
    fn from_str_wrong_parts_are_refused() {
        for url in [
            "redis://",
            "redis://host:port",
            "redis://host:66666",
            "redis://host/db",
            "redis://host/-1",
            "redis://host?protocol=resp3",
            "redis://0.0.0.0",
            "redis://host#insecure",
            "rediss://host?db=1",
            "rediss://no%20name",
            "unix://",
        ] {
            assert!(
                url.parse::<RedisAddress>().is_err(),
                "{url} has no meaning here; refuse it"
            );
        }
    }

    #[test]
    fn from_str_insecure_is_refused_with_advice() {
        for url in ["rediss://host#insecure", "rediss://:x@host:1/2#insecure"] {
            let refused = url.parse::<RedisAddress>();
            assert_eq!(refused.unwrap_err(), AddressError::Insecure);
        }
        assert!(AddressError::Insecure.to_string().contains("root"));
    }

    #[test]
    fn display_names_user_host_port_and_database() {
        for (url, shown) in [
            ("redis://localhost", "redis://localhost:6379/0"),
            ("redis://app:x@[::1]/1", "redis://app@[::1]:6379/1"),
            (
                "rediss://app:x@cache.example/1",
                "rediss://app@cache.example:6379/1",
            ),
            ("rediss://[::1]", "rediss://[::1]:6379/0"),
            (
                "unix:///run/redis.sock?user=app&pass=x",
                "redis+unix:///run/redis.sock?db=0&user=app",
            ),
        ] {
            assert_eq!(url.parse::<RedisAddress>().unwrap().to_string(), shown);
        }
    }
}
