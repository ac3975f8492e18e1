//! Commands that read keys.
//!
//! `MULTI` reads a value and its TTL atomically:
//! <https://redis.io/docs/latest/develop/using-commands/transactions/>. `GETEX` reads and sets a
//! TTL in one step, from Redis 6.2 on: <https://redis.io/docs/latest/commands/getex/>.

use std::time::Duration;

use ::redis::Pipeline;

use super::error::is_out_of_memory;
use super::reply;
use super::request::{Atomicity, Group, Keyed, Limit, Request};
use super::servers::Servers;
use crate::backend::{Access, BackendError, Slot, time};

/// How many keys one pipeline reads. The length of their values is not known.
const LIMIT: Limit = Limit {
    keys: 128,
    bytes: usize::MAX,
};

/// Returns what the keys hold. Sends one `GET` a key, as `MGET` returns nil for what is not a
/// string.
///
/// A server whose memory is full refuses `MULTI`, but still reads.
pub(super) async fn get(servers: &Servers, keys: &[String]) -> Result<Vec<Slot>, BackendError> {
    match get_of_one_moment(servers, keys).await {
        Err(error) if is_out_of_memory(&error) => get_between(servers, keys).await,
        slots => slots,
    }
}

async fn get_of_one_moment(servers: &Servers, keys: &[String]) -> Result<Vec<Slot>, BackendError> {
    let request = Request {
        keys,
        commands: |pipeline: &mut Pipeline, key: &String| {
            pipeline.cmd("GET").arg(key).cmd("PTTL").arg(key);
        },
        replies: 2,
        atomicity: Atomicity::Pipeline,
        access: Access::Read,
        limit: LIMIT,
    };
    let mut replies = servers.execute(&request).await?.into_iter();
    let mut slots = Vec::with_capacity(keys.len());
    while let (Some(get), Some(pttl)) = (replies.next(), replies.next()) {
        slots.push(reply::slot(get, &pttl)?);
    }
    Ok(slots)
}

/// Returns what the keys hold, each with the shorter of the TTLs before and after the read: if the
/// key is written in between, the value gets no longer TTL than it had.
async fn get_between(servers: &Servers, keys: &[String]) -> Result<Vec<Slot>, BackendError> {
    let request = Request {
        keys,
        commands: |pipeline: &mut Pipeline, key: &String| {
            pipeline.cmd("PTTL").arg(key);
            pipeline.cmd("GET").arg(key).cmd("PTTL").arg(key);
        },
        replies: 3,
        atomicity: Atomicity::Command,
        access: Access::Read,
        limit: LIMIT,
    };
    let mut replies = servers.execute(&request).await?.into_iter();
    let mut slots = Vec::with_capacity(keys.len());
    while let (Some(before), Some(get), Some(after)) =
        (replies.next(), replies.next(), replies.next())
    {
        slots.push(reply::slot_between(&before, get, &after)?);
    }
    Ok(slots)
}

/// Returns what the keys hold, and sets the TTL of those that exist.
///
/// # Errors
///
/// `Unsupported` before Redis 6.2.
pub(super) async fn get_and_expire(
    servers: &Servers,
    keys: &[String],
    ttl: Duration,
) -> Result<Vec<Slot>, BackendError> {
    let millis = time::whole_millis(ttl);
    let request = Request {
        keys,
        commands: |pipeline: &mut Pipeline, key: &String| {
            pipeline.cmd("GETEX").arg(key).arg("PX").arg(millis);
        },
        replies: 1,
        atomicity: Atomicity::Command,
        access: Access::Read,
        limit: LIMIT,
    };
    let replies = servers.execute(&request).await?;
    let slot = |getex| reply::slot_with_ttl(getex, time::from_millis(millis));
    replies.into_iter().map(slot).collect()
}

/// Counts the keys that exist; a key given twice counts twice.
pub(super) async fn exists(servers: &Servers, keys: &[String]) -> Result<u64, BackendError> {
    count_over(servers, "EXISTS", Access::Read, keys).await
}

/// Returns the sum of the replies to a command that takes many keys and counts them.
pub(super) async fn count_over<K: Keyed + ::redis::ToRedisArgs>(
    servers: &Servers,
    command: &str,
    access: Access,
    keys: &[K],
) -> Result<u64, BackendError> {
    let together = servers.keys_per_command(LIMIT.keys);
    let groups: Vec<_> = keys.chunks(together).map(Group).collect();
    let request = Request {
        keys: &groups,
        commands: |pipeline: &mut Pipeline, group: &Group<'_, K>| {
            group.add_to(pipeline.cmd(command));
        },
        replies: 1,
        atomicity: Atomicity::Command,
        access,
        limit: Limit {
            keys: LIMIT.keys / together,
            ..LIMIT
        },
    };
    let replies = servers.execute(&request).await?;
    replies.iter().map(reply::amount).sum()
}
