//! Opens connections to servers, nodes and sentinels, and finds out why that failed.
//!
//! Tracking needs the push messages of RESP3, which begins with `HELLO 3`:
//! <https://redis.io/docs/latest/commands/hello/>. Servers before Redis 6 do not know it, and
//! proxies refuse it in their own wording.

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
use super::handshake::{explain, is_hang_up};

/// How long the error of a server that closes connections is waited for.
const LAST_ERROR_WAIT: Duration = Duration::from_millis(500);

/// The longest error that such a server may send.
const MAX_LINE: u64 = 1024;

/// Returns a configuration without timeouts: callers set deadlines, on the timer of their runtime.
pub(super) fn config() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None)
}

/// Opens a connection in the newest protocol that the server speaks: with push messages in RESP3,
/// or else in RESP2.
///
/// # Errors
///
/// If there is none at `end`, or the server refuses the connection.
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
            tracing::debug!("the server does not speak RESP3; using RESP2");
            let connection = open(info, ProtocolVersion::RESP2, &config(), end).await?;
            Ok((connection, ProtocolVersion::RESP2))
        }
        Err(error) => Err(error),
    }
}

/// Opens a connection. Its own task is spawned on the current runtime.
///
/// # Errors
///
/// If there is none at `end`, or the server refuses the connection.
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
    let sent = if is_hang_up(&error) {
        last_error(info.addr(), end).await
    } else {
        None
    };
    Err(sent.unwrap_or_else(|| explain(info.addr(), error)))
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

/// Connects again without sending anything, and returns the error that the server sends before it
/// closes the connection: too many clients, or protected mode. If a client has sent commands, its
/// system may drop that error.
///
/// Over TLS, servers close connections without an error.
async fn last_error(address: &ConnectionAddr, end: Instant) -> Option<RedisError> {
    let end = end.min(Instant::now() + LAST_ERROR_WAIT);
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

/// Reads everything until the end.
async fn line(stream: impl AsyncRead + Unpin) -> Option<Vec<u8>> {
    let mut line = Vec::new();
    stream.take(MAX_LINE).read_to_end(&mut line).await.ok()?;
    Some(line)
}
