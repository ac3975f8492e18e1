//! How a connection is opened, to a server, a node or a sentinel, and why it was not.
//!
//! Tracking and its pushes need RESP3, which begins with `HELLO 3`:
//! <https://redis.io/docs/latest/commands/hello/>. Servers before Redis 6 do not know it, and proxies refuse it
//! in words of their own.

use std::io;

use ::redis::aio::MultiplexedConnection;
use ::redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, ProtocolVersion, PushInfo,
    RedisError, Value, parse_redis_value,
};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Duration, Instant};

use super::error;
use super::handshake::{explained, is_hang_up};

/// How long a server that hangs up is listened to.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The longest line that such a server may write.
const LONGEST_LINE: u64 = 1024;

/// A configuration without deadlines, which are the callers', on the timer of their own runtime.
pub(super) fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
}

/// Opens a connection in the newest protocol that the server speaks: with pushes in RESP3, or else in RESP2.
///
/// # Errors
///
/// If there is none at `end`, or the server does not let us in.
pub(super) async fn open_newest(
    info: &ConnectionInfo,
    end: Instant,
    on_push: impl Fn(PushInfo) -> Result<(), ()> + Send + Sync + 'static,
) -> Result<(MultiplexedConnection, ProtocolVersion), RedisError> {
    let with_pushes = config().set_push_sender(on_push);
    let has_password = info.redis_settings().password().is_some();
    let newest = open(info, ProtocolVersion::RESP3, &with_pushes, end).await;
    match newest {
        Ok(connection) => Ok((connection, ProtocolVersion::RESP3)),
        // The text of this error might repeat the password.
        Err(error) if error::wants_older_protocol(&error, has_password) => {
            tracing::debug!("no RESP3 here, using RESP2");
            let connection = open(info, ProtocolVersion::RESP2, &config(), end).await?;
            Ok((connection, ProtocolVersion::RESP2))
        }
        Err(error) => Err(error),
    }
}

/// Opens a connection. Its own task is spawned on the runtime that this runs on.
///
/// # Errors
///
/// If there is none at `end`, or the server does not let us in.
pub(super) async fn open(
    info: &ConnectionInfo,
    protocol: ProtocolVersion,
    config: &AsyncConnectionConfig,
    end: Instant,
) -> Result<MultiplexedConnection, RedisError> {
    let settings = info.redis_settings().clone().set_protocol(protocol);
    let client = Client::open(info.clone().set_redis_settings(settings))?;
    let connection = client.get_multiplexed_async_connection_with_config(config);
    let error = match until(end, connection).await {
        Ok(connection) => return Ok(connection),
        Err(error) => error,
    };
    let words = match is_hang_up(&error) {
        true => last_words(info.addr(), end).await,
        false => None,
    };
    Err(words.unwrap_or_else(|| explained(info.addr(), error)))
}

/// Returns the outcome of `doing`, or a timeout at `end`.
pub(super) async fn until<T>(
    end: Instant,
    doing: impl Future<Output = Result<T, RedisError>>,
) -> Result<T, RedisError> {
    match tokio::time::timeout_at(end, doing).await {
        Ok(done) => done,
        Err(_) => Err(io::Error::from(io::ErrorKind::TimedOut).into()),
    }
}

/// Connects again without sending anything, and returns the error that the server writes before it hangs up: too
/// many clients, or protected mode. If a client sends commands, its system may drop that error.
///
/// Over TLS, servers hang up without a word.
async fn last_words(address: &ConnectionAddr, end: Instant) -> Option<RedisError> {
    let end = end.min(Instant::now() + LAST_WORDS);
    let line = async {
        match address {
            ConnectionAddr::Tcp(host, port) => {
                line(TcpStream::connect((host.as_str(), *port)).await.ok()?).await
            }
            ConnectionAddr::Unix(path) => line(UnixStream::connect(path).await.ok()?).await,
            _ => None,
        }
    };
    let line = tokio::time::timeout_at(end, line).await.ok()??;
    match parse_redis_value(&line) {
        Ok(Value::ServerError(error)) => Some(error.into()),
        _ => None,
    }
}

/// All that comes until the end.
async fn line(stream: impl AsyncRead + Unpin) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    stream
        .take(LONGEST_LINE)
        .read_to_end(&mut line)
        .await
        .ok()?;
    Some(line)
}
