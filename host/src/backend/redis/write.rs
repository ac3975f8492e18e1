//! Commands that change keys: <https://redis.io/docs/latest/commands/set/>.

use std::slice;
use std::time::Duration;

use ::redis::{Pipeline, Value};

use super::error::unexpected;
use super::reply;
use super::request::{Atomicity, Limit, Request};
use super::servers::Servers;
use crate::backend::batch::Pair;
use crate::backend::{Access, BackendError, Slot, time};

/// How much one pipeline writes: later commands on the connection wait for it.
const LIMIT: Limit = Limit {
    keys: 1024,
    bytes: 1 << 20,
};

/// Writes values; the keys are distinct.
pub(super) async fn set(
    servers: &Servers,
    pairs: &[Pair],
    ttl: Option<Duration>,
) -> Result<(), BackendError> {
    let request = Request {
        keys: pairs,
        commands: |pipeline: &mut Pipeline, (key, value): &Pair| {
            pipeline.cmd("SET").arg(key).arg(value);
            expire_in(pipeline, ttl);
        },
        replies: 1,
        atomicity: Atomicity::Command,
        access: Access::Write,
        limit: LIMIT,
    };
    let replies = servers.execute(&request).await?;
    replies.iter().try_for_each(reply::done)
}

/// Writes values whose keys are absent; the keys are distinct. Returns what a key holds where it is
/// not absent.
///
/// `SET … NX GET` would need Redis 7 and return no TTL.
pub(super) async fn set_if_absent(
    servers: &Servers,
    pairs: &[Pair],
    ttl: Option<Duration>,
) -> Result<Vec<Option<Slot>>, BackendError> {
    let request = Request {
        keys: pairs,
        commands: |pipeline: &mut Pipeline, (key, value): &Pair| {
            pipeline.cmd("SET").arg(key).arg(value).arg("NX");
            expire_in(pipeline, ttl);
            pipeline.cmd("GET").arg(key).cmd("PTTL").arg(key);
        },
        replies: 3,
        atomicity: Atomicity::Key,
        access: Access::Write,
        limit: LIMIT,
    };
    let mut replies = servers.execute(&request).await?.into_iter();
    let mut outcomes = Vec::with_capacity(pairs.len());
    while let (Some(set), Some(get), Some(pttl)) = (replies.next(), replies.next(), replies.next())
    {
        outcomes.push(if reply::wrote(&set)? {
            None
        } else {
            Some(reply::slot(get, &pttl)?)
        });
    }
    Ok(outcomes)
}

/// Writes a value if the key exists; returns whether it did.
pub(super) async fn set_if_present(
    servers: &Servers,
    pair: &Pair,
    ttl: Option<Duration>,
) -> Result<bool, BackendError> {
    let request = Request {
        keys: slice::from_ref(pair),
        commands: |pipeline: &mut Pipeline, (key, value): &Pair| {
            pipeline.cmd("SET").arg(key).arg(value).arg("XX");
            expire_in(pipeline, ttl);
        },
        replies: 1,
        atomicity: Atomicity::Command,
        access: Access::Write,
        limit: LIMIT,
    };
    let replies = servers.execute(&request).await?;
    let last = replies.last();
    last.map_or_else(|| Err(unexpected()), reply::wrote)
}

/// Adds to a decimal integer; a key that was absent gets the TTL.
pub(super) async fn increment(
    servers: &Servers,
    key: &String,
    delta: i64,
    ttl: Option<Duration>,
) -> Result<i64, BackendError> {
    let (replies, atomicity) = match ttl {
        Some(_) => (2, Atomicity::Key),
        None => (1, Atomicity::Command),
    };
    let request = Request {
        keys: slice::from_ref(key),
        commands: |pipeline: &mut Pipeline, key: &String| {
            if ttl.is_some() {
                pipeline.cmd("SET").arg(key).arg(0).arg("NX");
                expire_in(pipeline, ttl);
            }
            pipeline.cmd("INCRBY").arg(key).arg(delta);
        },
        replies,
        atomicity,
        access: Access::Write,
        limit: LIMIT,
    };
    let replies = servers.execute(&request).await?;
    last_integer(&replies)
}

/// Sets the TTL of keys or removes it; returns for each whether it existed.
pub(super) async fn expire(
    servers: &Servers,
    keys: &[String],
    ttl: Option<Duration>,
) -> Result<Vec<bool>, BackendError> {
    let replies = if ttl.is_some() { 1 } else { 2 };
    let request = Request {
        keys,
        commands: |pipeline: &mut Pipeline, key: &String| {
            match ttl {
                Some(ttl) => pipeline
                    .cmd("PEXPIRE")
                    .arg(key)
                    .arg(time::whole_millis(ttl)),
                // PERSIST replies the same for a missing key and for one without a TTL.
                None => pipeline.cmd("PERSIST").arg(key).cmd("EXISTS").arg(key),
            };
        },
        replies,
        atomicity: Atomicity::Pipeline,
        access: Access::Write,
        limit: LIMIT,
    };
    let answers = servers.execute(&request).await?;
    let existed = |of_a_key| Ok(last_integer(of_a_key)? > 0);
    answers.chunks_exact(replies).map(existed).collect()
}

fn last_integer(replies: &[Value]) -> Result<i64, BackendError> {
    let last = replies.last();
    last.map_or_else(|| Err(unexpected()), reply::integer)
}

fn expire_in(set: &mut Pipeline, ttl: Option<Duration>) {
    if let Some(ttl) = ttl {
        set.arg("PX").arg(time::whole_millis(ttl));
    }
}
