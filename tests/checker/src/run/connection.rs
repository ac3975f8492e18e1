//! Connections of the external writers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use redis::Cmd;
use rusqlite::{OptionalExtension, TransactionBehavior};

use super::file;
use super::testbed::{self, Gate};
use crate::history::Op;

/// How long a writer waits for Redis before it checks whether to stop.
const PATIENCE: Duration = Duration::from_millis(100);

/// Where external writers connect to.
#[derive(Clone)]
pub(super) enum Endpoint {
    Redis { url: String, gate: Arc<Gate> },
    File(std::path::PathBuf),
}

/// A connection.
pub(super) enum ExternalConnection {
    Redis(redis::Connection),
    File(rusqlite::Connection),
}

/// A write.
pub(super) struct Write<'a> {
    pub(super) op: Op,
    pub(super) key: &'a str,
    /// Empty if the operation has none.
    pub(super) value: &'a str,
    pub(super) ttl: Duration,
}

/// The outcome of a write: the sum of an increment, or an error.
pub(super) enum Written {
    Done(Option<i64>),
    Failed { why: String, is_up: bool },
}

impl Endpoint {
    /// Connects, if that is possible now.
    pub(super) fn connect(&self) -> Option<ExternalConnection> {
        match self {
            Self::Redis { url, gate } if gate.pass(PATIENCE) => {
                testbed::connect(url).ok().map(ExternalConnection::Redis)
            }
            Self::Redis { .. } => None,
            Self::File(path) => file::connect(path).ok().map(ExternalConnection::File),
        }
    }
}

impl ExternalConnection {
    pub(super) fn write(&mut self, write: &Write<'_>) -> Written {
        match self {
            Self::Redis(connection) => match of_redis(write).query::<redis::Value>(connection) {
                Ok(redis::Value::Int(sum)) => Written::Done(Some(sum)),
                Ok(_) => Written::Done(None),
                Err(error) => Written::Failed {
                    is_up: !error.is_io_error() && !error.is_unrecoverable_error(),
                    why: error.to_string(),
                },
            },
            Self::File(connection) => match in_file(connection, write) {
                Ok(sum) => Written::Done(sum),
                Err(error) => Written::Failed {
                    is_up: true,
                    why: error.to_string(),
                },
            },
        }
    }
}

fn of_redis(write: &Write<'_>) -> Cmd {
    let mut command = Cmd::new();
    match write.op {
        Op::Clear => command.arg("FLUSHDB"),
        Op::Delete => command.arg("DEL").arg(write.key),
        Op::Increment => command.arg("INCRBY").arg(write.key).arg(write.value),
        _ => command.arg("SET").arg(write.key).arg(write.value),
    };
    if write.op == Op::SetWithTtl {
        let millis = u64::try_from(write.ttl.as_millis()).unwrap_or(u64::MAX);
        command.arg("PX").arg(millis);
    }
    command
}

fn in_file(
    connection: &mut rusqlite::Connection,
    write: &Write<'_>,
) -> rusqlite::Result<Option<i64>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut sum = None;
    match write.op {
        Op::Clear => transaction.execute("DELETE FROM entries", ())?,
        Op::Delete => transaction.execute("DELETE FROM entries WHERE key = ?1", [write.key])?,
        Op::Increment => {
            let held: Option<Vec<u8>> = transaction
                .query_row(
                    "SELECT value FROM entries WHERE key = ?1",
                    [write.key],
                    |row| row.get(0),
                )
                .optional()?;
            let number = |text: &[u8]| str::from_utf8(text).ok()?.parse::<i64>().ok();
            let held = held.and_then(|held| number(&held)).unwrap_or(0);
            let added = held + number(write.value.as_bytes()).unwrap_or(0);
            sum = Some(added);
            put(&transaction, write.key, &added.to_string(), None)?
        }
        Op::SetWithTtl => put(&transaction, write.key, write.value, Some(write.ttl))?,
        _ => put(&transaction, write.key, write.value, None)?,
    };
    transaction.commit()?;
    Ok(sum)
}

fn put(
    connection: &rusqlite::Connection,
    key: &str,
    value: &str,
    ttl: Option<Duration>,
) -> rusqlite::Result<usize> {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let end = ttl.map(|ttl| since_epoch.unwrap_or_default() + ttl);
    let end = end.map(|end| i64::try_from(end.as_millis()).unwrap_or(i64::MAX));
    connection.execute(
        "INSERT INTO entries (key, value, expires_ms) VALUES (?1, ?2, ?3)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_ms = excluded.expires_ms",
        (key, value.as_bytes(), end),
    )
}

/// Writes a key that does not expire.
///
/// # Errors
///
/// If the file cannot be written.
pub(super) fn set_in_file(connection: &rusqlite::Connection, key: &str, value: &str) -> Result<()> {
    put(connection, key, value, None)?;
    Ok(())
}
