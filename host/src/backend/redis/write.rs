//! Commands that change keys: <https://redis.io/docs/latest/commands/set/>.

use std::time::Duration;

use ::redis::{Pipeline, Value};

use super::connection::Connection;
use super::error::unexpected;
use super::reply;
use crate::backend::batch::Pair;
use crate::backend::{BackendError, Slot, time};

/// About how many bytes one pipeline writes: what comes behind it on the connection waits for it.
const BYTES_AT_ONCE: usize = 1 << 20;

/// How many keys one pipeline changes at most.
const KEYS_AT_ONCE: usize = 1024;

/// Writes values; the keys are distinct.
pub(super) async fn set(
    connection: &Connection,
    pairs: &[Pair],
    ttl: Option<Duration>,
) -> Result<(), BackendError> {
    let pipelines = pipelines(pairs, |pipeline, (key, value)| {
        pipeline.cmd("SET").arg(key).arg(value);
        expire_in(pipeline, ttl);
    });
    let replies = connection.send_all(pipelines).await?;
    replies.iter().flatten().try_for_each(reply::done)
}

/// Writes values whose keys are absent; the keys are distinct. Where something is there already, the
/// answer is that.
///
/// `SET … NX GET` would take Redis 7 and not tell the TTL.
pub(super) async fn set_if_absent(
    connection: &Connection,
    pairs: &[Pair],
    ttl: Option<Duration>,
) -> Result<Vec<Option<Slot>>, BackendError> {
    const COMMANDS: usize = 5;
    let pipelines = pipelines(pairs, |pipeline, (key, value)| {
        pipeline.cmd("MULTI");
        pipeline.cmd("SET").arg(key).arg(value).arg("NX");
        expire_in(pipeline, ttl);
        pipeline.cmd("GET").arg(key).cmd("PTTL").arg(key);
        pipeline.cmd("EXEC");
    });
    let mut answers = Vec::with_capacity(pairs.len());
    for replies in connection.send_all(pipelines).await? {
        for replies in replies.chunks_exact(COMMANDS) {
            answers.push(set_or_held(replies.to_vec())?);
        }
    }
    Ok(answers)
}

/// Writes a value if the key is there; answers whether it was.
pub(super) async fn set_if_present(
    connection: &Connection,
    key: &str,
    value: &[u8],
    ttl: Option<Duration>,
) -> Result<bool, BackendError> {
    let mut pipeline = Pipeline::new();
    pipeline.cmd("SET").arg(key).arg(value).arg("XX");
    expire_in(&mut pipeline, ttl);
    let replies = connection.send(&pipeline).await?;
    replies
        .first()
        .map_or_else(|| Err(unexpected()), reply::wrote)
}

/// Adds to a decimal integer; a key that is absent gets the TTL.
pub(super) async fn increment(
    connection: &Connection,
    key: &str,
    delta: i64,
    ttl: Option<Duration>,
) -> Result<i64, BackendError> {
    let mut pipeline = Pipeline::new();
    if ttl.is_none() {
        pipeline.cmd("INCRBY").arg(key).arg(delta);
        let replies = connection.send(&pipeline).await?;
        return replies
            .first()
            .map_or_else(|| Err(unexpected()), reply::integer);
    }
    pipeline.cmd("MULTI");
    pipeline.cmd("SET").arg(key).arg(0).arg("NX");
    expire_in(&mut pipeline, ttl);
    pipeline.cmd("INCRBY").arg(key).arg(delta);
    pipeline.cmd("EXEC");
    let replies = reply::transaction(connection.send(&pipeline).await?)?;
    replies
        .last()
        .map_or_else(|| Err(unexpected()), reply::integer)
}

/// Sets the TTL of keys or removes it; answers for each whether it existed.
pub(super) async fn expire(
    connection: &Connection,
    keys: &[String],
    ttl: Option<Duration>,
) -> Result<Vec<bool>, BackendError> {
    let pipelines = keys.chunks(KEYS_AT_ONCE).map(|keys| {
        let mut pipeline = Pipeline::with_capacity(2 * keys.len() + 2);
        pipeline.cmd("MULTI");
        for key in keys {
            match ttl {
                Some(ttl) => pipeline
                    .cmd("PEXPIRE")
                    .arg(key)
                    .arg(time::whole_millis(ttl)),
                // PERSIST answers the same for a key without a TTL and for none.
                None => pipeline.cmd("PERSIST").arg(key).cmd("EXISTS").arg(key),
            };
        }
        pipeline.cmd("EXEC");
        pipeline
    });
    let answers_per_key = if ttl.is_some() { 1 } else { 2 };
    let mut existed = Vec::with_capacity(keys.len());
    for replies in connection.send_all(pipelines.collect()).await? {
        for replies in reply::transaction(replies)?.chunks_exact(answers_per_key) {
            let last = replies
                .last()
                .map_or_else(|| Err(unexpected()), reply::integer);
            existed.push(last? > 0);
        }
    }
    Ok(existed)
}

fn expire_in(set: &mut Pipeline, ttl: Option<Duration>) {
    if let Some(ttl) = ttl {
        set.arg("PX").arg(time::whole_millis(ttl));
    }
}

fn set_or_held(replies: Vec<Value>) -> Result<Option<Slot>, BackendError> {
    let Ok([set, get, pttl]) = <[Value; 3]>::try_from(reply::transaction(replies)?) else {
        return Err(unexpected());
    };
    if reply::wrote(&set)? {
        return Ok(None);
    }
    reply::slot(get, &pttl).map(Some)
}

/// Pipelines of about [`BYTES_AT_ONCE`], to which `add` adds the commands of each pair.
fn pipelines(pairs: &[Pair], add: impl Fn(&mut Pipeline, &Pair)) -> Vec<Pipeline> {
    let mut pipelines = Vec::new();
    let mut pipeline = Pipeline::new();
    let (mut bytes, mut keys) = (0, 0);
    for pair in pairs {
        add(&mut pipeline, pair);
        bytes += pair.0.len() + pair.1.len();
        keys += 1;
        if bytes >= BYTES_AT_ONCE || keys >= KEYS_AT_ONCE {
            pipelines.push(std::mem::take(&mut pipeline));
            (bytes, keys) = (0, 0);
        }
    }
    pipelines.push(pipeline);
    pipelines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipelines_are_cut_by_bytes_and_by_keys() {
        let add = |pipeline: &mut Pipeline, pair: &Pair| {
            pipeline.cmd("SET").arg(&pair.0).arg(&pair.1);
        };
        let lengths = |pairs: Vec<Pair>| -> Vec<usize> {
            pipelines(&pairs, add).iter().map(Pipeline::len).collect()
        };
        let half = vec![0; BYTES_AT_ONCE / 2];

        assert_eq!(lengths(vec![("k".to_owned(), half); 5]), [2, 2, 1]);
        assert_eq!(
            lengths(vec![(String::new(), vec![]); KEYS_AT_ONCE + 1]),
            [KEYS_AT_ONCE, 1]
        );
    }
}
