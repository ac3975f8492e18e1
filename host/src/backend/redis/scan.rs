//! Commands that go through all keys of a bucket: <https://redis.io/docs/latest/commands/scan/>.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use ::redis::Pipeline;

use super::connection::Connection;
use super::error::unexpected;
use super::{glob, read, reply};
use crate::backend::{BackendError, Bucket, Page};

/// How many keys of the whole server one `SCAN` looks at, least and most.
const FEWEST: u64 = 16;
const MOST: u64 = 4096;

/// How many keys of the whole server a step of counting and clearing looks at.
const STEP: u64 = 1024;

/// How many round trips a page may take: a bucket may be a small part of a large server.
const ROUND_TRIPS: usize = 16;

/// A cursor that no page of ours has.
#[derive(Debug, thiserror::Error)]
#[error("this is not a cursor of a page of this backend")]
struct NotACursor;

/// A page of keys; possibly empty. The cursor is Redis' own.
pub(super) async fn scan(
    connection: &Connection,
    bucket: &Bucket,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, BackendError> {
    let mut cursor = parse(cursor)?;
    let mut count = u64::from(limit).clamp(FEWEST, MOST);
    let mut keys: Vec<String> = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let (next, found) = step(connection, bucket, cursor, count).await?;
        cursor = next;
        keys.extend(
            found
                .iter()
                .filter_map(|key| own(bucket, key))
                .map(str::to_owned),
        );
        if cursor == 0 || !keys.is_empty() {
            break;
        }
        count = (2 * count).min(MOST);
    }
    Ok(Page {
        keys,
        cursor: (cursor != 0).then(|| cursor.to_string()),
    })
}

/// How many different keys there are. Remembers 16 bytes of each: two hashes, with keys that nobody
/// knows.
pub(super) async fn count(connection: &Connection, bucket: &Bucket) -> Result<u64, BackendError> {
    let hashers = (RandomState::new(), RandomState::new());
    let mut seen = HashSet::new();
    let mut cursor = 0;
    loop {
        let (next, found) = step(connection, bucket, cursor, STEP).await?;
        for key in found.iter().filter_map(|key| own(bucket, key)) {
            seen.insert((hashers.0.hash_one(key), hashers.1.hash_one(key)));
        }
        cursor = next;
        if cursor == 0 {
            return Ok(u64::try_from(seen.len()).unwrap_or(u64::MAX));
        }
    }
}

/// Deletes all keys, those too that are not UTF-8. What is there when it begins is listed by `SCAN`
/// before the cursor is 0 again, and so is deleted.
pub(super) async fn clear(connection: &Connection, bucket: &Bucket) -> Result<u64, BackendError> {
    let mut deleted = 0;
    let mut cursor = 0;
    loop {
        let (next, found) = step(connection, bucket, cursor, STEP).await?;
        deleted += read::count_over(connection, "DEL", &found).await?;
        cursor = next;
        if cursor == 0 {
            return Ok(deleted);
        }
    }
}

/// One `SCAN`: the next cursor, 0 at the end, and full keys of the bucket.
async fn step(
    connection: &Connection,
    bucket: &Bucket,
    cursor: u64,
    count: u64,
) -> Result<(u64, Vec<Vec<u8>>), BackendError> {
    let mut pipeline = Pipeline::with_capacity(1);
    pipeline
        .cmd("SCAN")
        .arg(cursor)
        .arg("MATCH")
        .arg(glob::starting_with(bucket.prefix()))
        .arg("COUNT")
        .arg(count);
    let mut replies = connection.send(&pipeline).await?;
    reply::page(replies.pop().ok_or_else(unexpected)?)
}

/// The bucket's own part of a full key; `None` if it is not UTF-8.
fn own<'a>(bucket: &Bucket, full_key: &'a [u8]) -> Option<&'a str> {
    bucket.strip(str::from_utf8(full_key).ok()?)
}

/// 0 is where `SCAN` begins and ends: it is in no page.
fn parse(cursor: Option<&str>) -> Result<u64, BackendError> {
    let Some(text) = cursor else { return Ok(0) };
    let cursor = text.parse().ok().filter(|cursor: &u64| *cursor != 0);
    cursor.ok_or_else(|| BackendError::Other(Box::new(NotACursor)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_cursor_that_is_none_of_ours_is_refused() {
        assert_eq!(parse(None).unwrap(), 0);
        assert_eq!(parse(Some("18446744073709551615")).unwrap(), u64::MAX);
        for cursor in ["", "0", "-1", "a", "1 ", "18446744073709551616"] {
            assert!(parse(Some(cursor)).is_err(), "refuse {cursor:?}");
        }
    }
}
