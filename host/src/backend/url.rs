//! The URLs of backends.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::redis::{AddressError, RedisAddress, canonical_scheme};

/// The URL of a backend.
///
/// - `redis://[user[:password]@]host[:port][/database]`;
/// - `rediss://…`, the same over TLS: see [`TlsOptions`](super::redis::TlsOptions);
/// - `redis+sentinel://[user[:password]@]host[:port][,host[:port]…]/service[/database]`, or with
///   TLS `rediss+sentinel://…`: the master that these sentinels name. The credentials are those for
///   the master; those for the sentinels are appended as
///   `?sentinel_username=…&sentinel_password=…`;
/// - `redis+cluster://[user[:password]@]host[:port][,host[:port]…]`, or with TLS
///   `rediss+cluster://…`: a cluster that has these nodes among others;
/// - `redis+unix:///path/of/socket[?db=…&user=…&pass=…]`, also as `unix://`;
/// - `valkey://…`, `valkeys://…` and so on: the same as with `redis`, for Valkey;
/// - `sqlite:PATH`: a file, which the first write creates if it is missing; a leading `~/` is the
///   user's home directory;
/// - `memory:`: this process's memory.
///
/// Characters that a URL must escape (in a password: `#`, `/`, `?`, `@`, `%`, `:`) are
/// percent-encoded, except in the path of a file, which is taken literally. `Display` and `Debug`
/// leave passwords out; so do the errors. A text alone before an `@` is a user, but may be a
/// password whose colon was forgotten: it is shown as `***`.
///
/// # Examples
///
/// ```
/// use flipcache::backend::BackendUrl;
///
/// let url: BackendUrl = "redis://app:secret@localhost/1".parse()?;
/// assert_eq!(url.to_string(), "redis://app@localhost:6379/1");
/// assert!("redis+cluster://a,b/1".parse::<BackendUrl>().is_err());
/// # Ok::<(), flipcache::backend::UrlError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum BackendUrl {
    /// A Redis server, the master that sentinels name, or a cluster.
    Redis(RedisAddress),
    /// An `SQLite` file.
    Sqlite(PathBuf),
    /// This process's memory.
    Memory,
}

impl FromStr for BackendUrl {
    type Err = UrlError;

    fn from_str(url: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = url.split_once(':').ok_or(UrlError::NoScheme)?;
        match canonical_scheme(scheme).as_str() {
            "redis" | "rediss" | "redis+unix" | "unix" | "redis+sentinel" | "rediss+sentinel"
            | "redis+cluster" | "rediss+cluster" => Ok(Self::Redis(url.parse()?)),
            "sqlite" => sqlite_path(rest).map(Self::Sqlite),
            "memory" if matches!(rest, "" | "//") => Ok(Self::Memory),
            "memory" => Err(UrlError::NotMemory),
            _ => Err(UrlError::UnknownScheme),
        }
    }
}

impl fmt::Display for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Redis(address) => address.fmt(f),
            Self::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Self::Memory => f.write_str("memory:"),
        }
    }
}

impl fmt::Debug for BackendUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BackendUrl({self})")
    }
}

/// Why a text is not the URL of a backend. The error does not repeat the text, which may contain a
/// password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// There is no scheme.
    #[error("this is not a URL; supported are {SUPPORTED}")]
    NoScheme,
    /// The scheme is unknown.
    #[error("unknown kind of URL; supported are {SUPPORTED}")]
    UnknownScheme,
    /// There is text after `memory:`.
    #[error("`memory:` stands alone; for a file, use `sqlite:PATH`")]
    NotMemory,
    /// There is no file name after `sqlite:`.
    #[error(
        "`sqlite:` needs the path of a file, as in `sqlite:cache.db`; for a store in memory, use `memory:`"
    )]
    NoPath,
    /// The path begins with `~`, and the home directory is unknown.
    #[error("cannot expand `~`: the home directory is not known; write the path in full")]
    NoHome,
    /// The path begins with another user's home directory.
    #[error(
        "cannot expand `~` with a user's name; write the path in full, or as `./~…` for a file of this name"
    )]
    OtherHome,
    /// The address of a Redis server is wrong.
    #[error("this is not the address of a Redis server")]
    Redis(#[from] AddressError),
}

const SUPPORTED: &str = "redis://HOST, rediss://HOST, \
     redis+sentinel://HOST,HOST/SERVICE, redis+cluster://HOST,HOST, redis+unix:///PATH, \
     the same with valkey, sqlite:PATH and memory:";

fn sqlite_path(rest: &str) -> Result<PathBuf, UrlError> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    match path {
        "" | ":memory:" => Err(UrlError::NoPath),
        path => expand_home(path, std::env::home_dir()),
    }
}

/// Expands a leading `~`: shells do not expand one after a scheme.
fn expand_home(path: &str, home: Option<PathBuf>) -> Result<PathBuf, UrlError> {
    let Some(rest) = path.strip_prefix('~') else {
        return Ok(PathBuf::from(path));
    };
    let rest = match rest.strip_prefix(std::path::is_separator) {
        Some(rest) => rest.trim_start_matches(std::path::is_separator),
        // A directory is no file.
        None if rest.is_empty() => return Err(UrlError::NoPath),
        None => return Err(UrlError::OtherHome),
    };
    let home = home.filter(|home| home.is_absolute());
    Ok(home.ok_or(UrlError::NoHome)?.join(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<BackendUrl, UrlError> {
        url.parse()
    }

    #[test]
    fn from_str_sqlite_path_is_taken_as_it_is() {
        for (url, path) in [
            ("sqlite:cache.db", "cache.db"),
            ("sqlite:/var/lib/a b%20c.db", "/var/lib/a b%20c.db"),
            ("sqlite:///var/lib/cache.db", "/var/lib/cache.db"),
        ] {
            assert_eq!(parse(url), Ok(BackendUrl::Sqlite(path.into())));
        }
        assert_eq!(parse("sqlite:"), Err(UrlError::NoPath));
        assert_eq!(parse("sqlite::memory:"), Err(UrlError::NoPath));
    }

    #[test]
    fn expand_home_leading_tilde_is_the_home_directory_and_nothing_else() {
        let home = || Some(PathBuf::from("/home/ada"));
        for (path, expanded) in [
            ("~/x.db", Ok("/home/ada/x.db")),
            ("~//a/x.db", Ok("/home/ada/a/x.db")),
            ("a~/x.db", Ok("a~/x.db")),
            ("./~/x.db", Ok("./~/x.db")),
            ("~bob/x.db", Err(UrlError::OtherHome)),
            ("~", Err(UrlError::NoPath)),
        ] {
            assert_eq!(expand_home(path, home()), expanded.map(PathBuf::from));
        }
        for unknown in [None, Some(PathBuf::new())] {
            assert_eq!(expand_home("~/x.db", unknown), Err(UrlError::NoHome));
        }
    }

    #[test]
    fn from_str_memory_stands_alone() {
        assert_eq!(parse("memory:"), Ok(BackendUrl::Memory));
        assert_eq!(parse("memory://"), Ok(BackendUrl::Memory));
        assert_eq!(parse("memory:cache"), Err(UrlError::NotMemory));
    }

    #[test]
    fn from_str_unknown_scheme_lists_what_is_supported_and_repeats_nothing() {
        for url in ["http://u:secret@host", "secret", "", "secret:x"] {
            let text = format!("{0} {0:?}", parse(url).unwrap_err());
            assert!(
                text.contains("sqlite:PATH"),
                "say what is supported: {text}"
            );
            assert!(!text.contains("secret"), "do not repeat the URL: {text}");
        }
    }

    #[test]
    fn display_of_every_url_without_a_password_parses_to_the_same() {
        for url in [
            "redis://localhost:6379/0",
            "redis://[::1]:7000/3",
            "rediss://localhost:6379/0",
            "redis+sentinel://[::1]:26379,b:1/service/3?sentinel_username=watch",
            "rediss+sentinel://a:26379/service/0",
            "redis+cluster://[::1]:6379,b:1",
            "rediss+cluster://a:6379",
            "redis+unix:///run/redis.sock?db=0",
            "sqlite:cache.db",
            "memory:",
        ] {
            let parsed = parse(url).unwrap();
            assert_eq!(parsed.to_string(), url);
            assert_eq!(parse(&parsed.to_string()), Ok(parsed));
        }
    }
}
