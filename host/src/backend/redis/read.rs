//! Commands that read keys.
//!
//! `MULTI` makes a value and its TTL of one moment:
//! <https://redis.io/docs/latest/develop/using-commands/transactions/>. `GETEX` reads and sets a TTL
//! in one step, from Redis 6.2 on: <https://redis.io/docs/latest/commands/getex/>.

use std::time::Duration;

use ::redis::Pipeline;

use super::connection::Connection;
use super::reply;
use crate::backend::{BackendError, Slot, time};

/// How many keys one pipeline reads. How long their values are is not known.
const KEYS_AT_ONCE: usize = 128;

/// What the keys hold. One `GET` a key: `MGET` shows what is not a string as absent.
pub(super) async fn get(
    connection: &Connection,
    keys: &[String],
) -> Result<Vec<Slot>, BackendError> {
    let pipelines = keys.chunks(KEYS_AT_ONCE).map(|keys| {
        let mut pipeline = Pipeline::with_capacity(2 * keys.len() + 2);
        pipeline.cmd("MULTI");
        for key in keys {
            pipeline.cmd("GET").arg(key).cmd("PTTL").arg(key);
        }
        pipeline.cmd("EXEC");
        pipeline
    });
    let mut slots = Vec::with_capacity(keys.len());
    for replies in connection.send_all(pipelines.collect()).await? {
        let mut replies = reply::transaction(replies)?.into_iter();
        while let (Some(get), Some(pttl)) = (replies.next(), replies.next()) {
            slots.push(reply::slot(get, &pttl)?);
        }
    }
    Ok(slots)
}

/// What the keys hold; those that are there get the TTL.
///
/// # Errors
///
/// `Unsupported` before Redis 6.2.
pub(super) async fn get_and_expire(
    connection: &Connection,
    keys: &[String],
    ttl: Duration,
) -> Result<Vec<Slot>, BackendError> {
    let millis = time::whole_millis(ttl);
    let pipelines = keys.chunks(KEYS_AT_ONCE).map(|keys| {
        let mut pipeline = Pipeline::with_capacity(keys.len());
        for key in keys {
            pipeline.cmd("GETEX").arg(key).arg("PX").arg(millis);
        }
        pipeline
    });
    let replies = connection.send_all(pipelines.collect()).await?;
    replies
        .into_iter()
        .flatten()
        .map(|getex| reply::slot_with_ttl(getex, time::from_millis(millis)))
        .collect()
}

/// How many of the keys exist; a key given twice counts twice.
pub(super) async fn exists(connection: &Connection, keys: &[String]) -> Result<u64, BackendError> {
    count_over(connection, "EXISTS", keys).await
}

/// The sum of the answers to a command that takes many keys and counts them.
pub(super) async fn count_over<K: ::redis::ToRedisArgs>(
    connection: &Connection,
    command: &str,
    keys: &[K],
) -> Result<u64, BackendError> {
    let pipelines = keys.chunks(KEYS_AT_ONCE).map(|keys| {
        let mut pipeline = Pipeline::with_capacity(1);
        pipeline.cmd(command).arg(keys);
        pipeline
    });
    let replies = connection.send_all(pipelines.collect()).await?;
    replies.iter().flatten().map(reply::amount).sum()
}
