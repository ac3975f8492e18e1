//! The URL of a master that sentinels know.
//!
//! There is no registered form. This is the form of Python's `redis-sentinel-url` and its
//! successors; the sentinels' own credentials are named as in redis-rb and go-redis.

use std::fmt;
use std::str::FromStr;

use ::redis::{ConnectionAddr, ConnectionInfo, RedisConnectionInfo, parse_redis_url};

use crate::backend::redis::hosts::{Host, HostsError, hosts, is_name};
use crate::backend::redis::server_url::{server, settings_of, shown_user};
use crate::backend::redis::tls::{self, TlsError, TlsOptions};

/// The port of a sentinel without one in the URL.
const DEFAULT_PORT: u16 = 26379;

/// The sentinels, the name of the master, and the credentials for both.
///
/// `Display` leaves the passwords out.
#[derive(Clone)]
pub(in crate::backend::redis) struct SentinelAddress {
    /// At least one.
    pub(super) sentinels: Vec<Host>,
    /// The sentinels' name of the master and its replicas.
    pub(super) service: String,
    /// How to connect to any sentinel.
    pub(super) to_sentinel: ConnectionInfo,
    /// How to connect to the master. TLS is used for both sentinels and master, or for neither.
    pub(super) to_master: ConnectionInfo,
}

/// Why a text is not the URL of a master that sentinels know. It does not repeat the text, which
/// may contain a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SentinelUrlError {
    /// There is no sentinel, or one of them has no host.
    #[error(
        "name the host and port of each sentinel, as in redis+sentinel://a:26379,b:26379/SERVICE"
    )]
    NoSentinel,
    /// A sentinel's port is invalid.
    #[error("a sentinel's port is a number from 1 to 65535; without one it is {DEFAULT_PORT}")]
    BadPort,
    /// The name of the service is missing.
    #[error(
        "name the service behind the sentinels, as their `sentinel monitor` calls it: \
         redis+sentinel://a:26379/SERVICE"
    )]
    NoService,
    /// Another part cannot be parsed.
    #[error(
        "write redis+sentinel://[user[:password]@]host:port[,host:port…]/service[/database]\
         [?sentinel_username=…&sentinel_password=…], or the same with rediss+sentinel:// for TLS, \
         with #, /, ?, @, %, & and : in a password percent-encoded"
    )]
    Malformed,
}

impl From<HostsError> for SentinelUrlError {
    fn from(error: HostsError) -> Self {
        match error {
            HostsError::Missing => Self::NoSentinel,
            HostsError::BadPort => Self::BadPort,
            HostsError::Malformed => Self::Malformed,
        }
    }
}

impl FromStr for SentinelAddress {
    type Err = SentinelUrlError;

    fn from_str(url: &str) -> Result<Self, SentinelUrlError> {
        let (scheme, rest) = url.split_once("://").ok_or(SentinelUrlError::NoSentinel)?;
        if rest.contains('#') {
            return Err(SentinelUrlError::Malformed);
        }
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, names) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (service, database) = path.split_once('/').unwrap_or((path, ""));
        let sentinels = hosts(names, DEFAULT_PORT)?;
        let over_tls = scheme.eq_ignore_ascii_case("rediss+sentinel");
        if over_tls && !sentinels.iter().all(Host::is_verifiable) {
            return Err(SentinelUrlError::Malformed);
        }
        if service.is_empty() {
            return Err(SentinelUrlError::NoService);
        }
        // Sentinels accept no other names. A stray character of a password must not be shown as a
        // name.
        if !is_name(service) {
            return Err(SentinelUrlError::Malformed);
        }
        // The other parts mean the same as in the URL of a server.
        let scheme = if over_tls { "rediss" } else { "redis" };
        let to_master = server(&format!("{scheme}://{user}@localhost/{database}"));
        let to_master = to_master.map_err(|_| SentinelUrlError::Malformed)?;
        Ok(Self {
            sentinels,
            service: service.to_owned(),
            to_sentinel: to_master.clone().set_redis_settings(credentials(query)?),
            to_master,
        })
    }
}

/// Parses the credentials for the sentinels.
fn credentials(query: &str) -> Result<RedisConnectionInfo, SentinelUrlError> {
    // The parser reads `+` as a space, as in forms. In these URLs it is a plus.
    let query = query.replace('+', "%2B");
    let parsed = parse_redis_url(&format!("redis://localhost?{query}"));
    let parsed = parsed.ok_or(SentinelUrlError::Malformed)?;
    let mut settings = RedisConnectionInfo::default();
    for (name, value) in parsed.query_pairs() {
        settings = match &*name {
            "sentinel_username" => settings.set_username(value),
            "sentinel_password" => settings.set_password(value),
            _ => return Err(SentinelUrlError::Malformed),
        };
    }
    Ok(settings_of(&settings))
}

impl SentinelAddress {
    /// Returns the same address, with the certificates for the sentinels and the master.
    pub(in crate::backend::redis) fn with_tls(
        &self,
        options: &TlsOptions,
    ) -> Result<Self, TlsError> {
        Ok(Self {
            to_sentinel: tls::with_certificates(self.to_sentinel.clone(), options)?,
            to_master: tls::with_certificates(self.to_master.clone(), options)?,
            ..self.clone()
        })
    }

    fn is_over_tls(&self) -> bool {
        matches!(self.to_master.addr(), ConnectionAddr::TcpTls { .. })
    }

    fn parts(&self) -> (&[Host], &str, i64, [Option<&str>; 4]) {
        let master = self.to_master.redis_settings();
        let sentinel = self.to_sentinel.redis_settings();
        let credentials = [
            master.username(),
            master.password(),
            sentinel.username(),
            sentinel.password(),
        ];
        (&self.sentinels, &self.service, master.db(), credentials)
    }
}

impl PartialEq for SentinelAddress {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts() && self.is_over_tls() == other.is_over_tls()
    }
}

impl fmt::Display for SentinelAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, service, database, [_, _, at_sentinels, _]) = self.parts();
        let scheme = if self.is_over_tls() {
            "rediss"
        } else {
            "redis"
        };
        write!(f, "{scheme}+sentinel://")?;
        f.write_str(&shown_user(self.to_master.redis_settings()))?;
        for (index, sentinel) in self.sentinels.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            write!(f, "{comma}{sentinel}")?;
        }
        write!(f, "/{service}/{database}")?;
        match at_sentinels {
            Some(user) if !user.is_empty() => write!(f, "?sentinel_username={user}"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(url: &str) -> SentinelUrlError {
        match url.parse::<SentinelAddress>() {
            Err(error) => error,
            Ok(address) => panic!("{url} must be refused, and is {address}"),
        }
    }

    #[test]
    fn from_str_parses_every_part() {
        let url = "redis+sentinel://app:p%40ss@a,[::1]:7,c.example:8/my-master.1/3\
                   ?sentinel_username=watch&sentinel_password=s%26+x";
        let address: SentinelAddress = url.parse().unwrap();
        let host = |name: &str, port| Host {
            name: name.to_owned(),
            port,
        };
        let expected = [host("a", 26379), host("::1", 7), host("c.example", 8)];
        assert_eq!(address.sentinels, expected);
        let credentials = [Some("app"), Some("p@ss"), Some("watch"), Some("s&+x")];
        let parts = (&expected[..], "my-master.1", 3, credentials);
        assert_eq!(address.parts(), parts);
    }

    #[test]
    fn from_str_with_tls_is_another_address_and_shown_as_one() {
        let over_tls: SentinelAddress = "rediss+sentinel://a/m".parse().unwrap();
        assert_eq!(over_tls.to_string(), "rediss+sentinel://a:26379/m/0");
        assert!(over_tls != "redis+sentinel://a/m".parse().unwrap());
        assert_eq!(
            error("rediss+sentinel://a..b/m"),
            SentinelUrlError::Malformed
        );
    }

    #[test]
    fn display_leaves_passwords_out_and_parses_to_the_same_without_them() {
        let url = "redis+sentinel://app:hunter2@a,[::1]:7/m?sentinel_username=w&sentinel_password=hunter3";
        let shown = url.parse::<SentinelAddress>().unwrap().to_string();
        assert_eq!(
            shown,
            "redis+sentinel://app@a:26379,[::1]:7/m/0?sentinel_username=w"
        );
        let again = shown.parse::<SentinelAddress>().unwrap();
        assert_eq!(again.to_string(), shown.replace("app", "***"));
        assert!(again != url.parse().unwrap(), "the passwords differ");
    }

    #[test]
    fn from_str_missing_or_wrong_part_has_an_error_of_its_own() {
        use SentinelUrlError::{BadPort, Malformed, NoSentinel, NoService};
        for (url, expected) in [
            ("redis+sentinel:", NoSentinel),
            ("redis+sentinel://", NoSentinel),
            ("redis+sentinel:///m", NoSentinel),
            ("redis+sentinel://:pw@/m", NoSentinel),
            ("redis+sentinel://a,,b/m", NoSentinel),
            ("redis+sentinel://a,:1/m", NoSentinel),
            ("redis+sentinel://a:port/m", BadPort),
            ("redis+sentinel://a:/m", BadPort),
            ("redis+sentinel://a:0/m", BadPort),
            ("redis+sentinel://a:+1/m", BadPort),
            ("redis+sentinel://a:1,b:66666/m", BadPort),
            ("redis+sentinel://a:1", NoService),
            ("redis+sentinel://a:1/", NoService),
            ("redis+sentinel://a:1//0", NoService),
            ("redis+sentinel://a:1/m/db", Malformed),
            ("redis+sentinel://a:1/m/-1", Malformed),
            ("redis+sentinel://a:1/m/0/1", Malformed),
            ("redis+sentinel://a:1/m m", Malformed),
            ("redis+sentinel://fe80::1:7/m", Malformed),
            ("redis+sentinel://a:1/m?db=1", Malformed),
        ] {
            assert_eq!(error(url), expected, "{url}");
        }
    }

    #[test]
    fn from_str_password_with_a_stray_character_is_refused() {
        for url in [
            "redis+sentinel://app:123#456@a:1/m",
            "redis+sentinel://app:123/456@a:1/m",
            "redis+sentinel://app:123?456@a:1/m",
            "redis+sentinel://app:pa/456@a:1/m/0",
            "redis+sentinel://a:1/m?sentinel_password=12&34",
            "redis+sentinel://a:1/m?sentinel_password=12#34",
        ] {
            error(url);
        }
    }
}
