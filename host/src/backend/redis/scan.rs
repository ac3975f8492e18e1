//! Commands that go through all keys of a bucket: <https://redis.io/docs/latest/commands/scan/>.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use ::redis::Pipeline;

use super::error::unexpected;
use super::masters::Masters;
use super::servers::Servers;
use super::{glob, read, reply};
use crate::backend::{Access, BackendError, Bucket, InvalidCursor, Page};

/// How many keys of the whole server one `SCAN` looks at, at least and at most.
const MIN_COUNT: u64 = 16;
const MAX_COUNT: u64 = 4096;

/// How many keys of the whole server one step of `count` and `clear` looks at.
const STEP_COUNT: u64 = 1024;

/// How many round trips a page may take: a bucket may be a small part of a large server.
const MAX_ROUND_TRIPS: usize = 16;

/// How often a bucket is scanned from the start because slots have moved.
const MAX_PASSES: usize = 8;

/// Slots moved during every pass.
#[derive(Debug, thiserror::Error)]
#[error("slots keep moving between the masters")]
struct SlotsMoving;

/// Returns a page of keys; possibly empty.
pub(super) async fn scan(
    servers: &Servers,
    bucket: &Bucket,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, BackendError> {
    let masters = servers.masters().await?;
    let mut cursor = Some(Cursor::parse(cursor, &masters)?);
    let mut count = u64::from(limit).clamp(MIN_COUNT, MAX_COUNT);
    let mut keys: Vec<String> = Vec::new();
    for _ in 0..MAX_ROUND_TRIPS {
        let Some(at) = cursor else { break };
        let (next, found) = step(&masters, bucket, at, count).await?;
        cursor = next;
        let own = found.iter().filter_map(|key| own(bucket, key));
        keys.extend(own.map(str::to_owned));
        if !keys.is_empty() {
            break;
        }
        count = (2 * count).min(MAX_COUNT);
    }
    if cursor.is_none() {
        let now = servers.agreed_masters().await?;
        let has_changed = now.topology_hash != masters.topology_hash;
        cursor = has_changed.then(|| Cursor::first(&now));
    }
    Ok(Page {
        keys,
        cursor: cursor.map(|cursor| cursor.to_string()),
    })
}

/// Counts the distinct keys. Keeps 16 bytes of each: two hashes, with random secret keys.
pub(super) async fn count(servers: &Servers, bucket: &Bucket) -> Result<u64, BackendError> {
    let hashers = (RandomState::new(), RandomState::new());
    let mut seen = HashSet::new();
    let mut walk = Walk::begin(servers, bucket).await?;
    while let Some(found) = walk.next().await? {
        for key in found.iter().filter_map(|key| own(bucket, key)) {
            seen.insert((hashers.0.hash_one(key), hashers.1.hash_one(key)));
        }
    }
    Ok(u64::try_from(seen.len()).unwrap_or(u64::MAX))
}

/// Deletes the keys that [`scan`] lists: one that is not UTF-8 is no key of a cache, and stays.
pub(super) async fn clear(servers: &Servers, bucket: &Bucket) -> Result<u64, BackendError> {
    let mut deleted = 0;
    let walked = clear_counting(servers, bucket, &mut deleted).await;
    match walked {
        Ok(()) => Ok(deleted),
        Err(error) => Err(error.after_another_part(deleted > 0)),
    }
}

async fn clear_counting(
    servers: &Servers,
    bucket: &Bucket,
    deleted: &mut u64,
) -> Result<(), BackendError> {
    let mut walk = Walk::begin(servers, bucket).await?;
    while let Some(mut found) = walk.next().await? {
        found.retain(|key| own(bucket, key).is_some());
        *deleted += read::count_over(servers, "DEL", Access::Write, &found).await?;
    }
    Ok(())
}

/// Where the next `SCAN` begins: a master, and its own cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    /// The topology when the listing began.
    topology_hash: Option<u64>,
    master: usize,
    at: u64,
}

impl Cursor {
    fn first(masters: &Masters) -> Self {
        Self {
            topology_hash: masters.topology_hash,
            master: 0,
            at: 0,
        }
    }

    /// Parses the cursor of a page. If slots have moved since, keys may be at masters that the
    /// listing has passed: it starts from the beginning.
    fn parse(text: Option<&str>, masters: &Masters) -> Result<Self, BackendError> {
        let first = Self::first(masters);
        let Some(text) = text else { return Ok(first) };
        let cursor = Self::read(text, masters.topology_hash.is_some());
        let cursor = cursor.filter(|cursor| cursor.is_inside(masters));
        match cursor {
            None => Err(InvalidCursor.into()),
            Some(cursor) if cursor.topology_hash == masters.topology_hash => Ok(cursor),
            Some(_) => Ok(first),
        }
    }

    fn read(text: &str, is_cluster: bool) -> Option<Self> {
        if !is_cluster {
            return Some(Self {
                topology_hash: None,
                master: 0,
                at: text.parse().ok()?,
            });
        }
        let (topology_hash, rest) = text.split_once('-')?;
        let (master, at) = rest.split_once('-')?;
        Some(Self {
            topology_hash: Some(u64::from_str_radix(topology_hash, 16).ok()?),
            master: master.parse().ok()?,
            at: at.parse().ok()?,
        })
    }

    /// Returns whether a page can have had it. 0 is where `SCAN` begins and ends: no page of a
    /// single server has it.
    fn is_inside(self, masters: &Masters) -> bool {
        match self.topology_hash {
            None => self.at != 0,
            same if same == masters.topology_hash => self.master < masters.all.len(),
            Some(_) => true,
        }
    }

    /// Returns the cursor after a `SCAN` that returned `next`; `None` at the end.
    fn after(self, next: u64, masters: &Masters) -> Option<Self> {
        let master = self.master + usize::from(next == 0);
        (master < masters.all.len()).then_some(Self {
            master,
            at: next,
            ..self
        })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { master, at, .. } = self;
        match self.topology_hash {
            None => at.fmt(f),
            Some(topology_hash) => write!(f, "{topology_hash:x}-{master}-{at}"),
        }
    }
}

/// Goes through all keys of a bucket. A key that exists from the beginning to the end is found,
/// because `SCAN` returns it before its cursor is 0 again.
struct Walk<'a> {
    servers: &'a Servers,
    bucket: &'a Bucket,
    masters: Masters,
    cursor: Option<Cursor>,
    passes: usize,
}

impl<'a> Walk<'a> {
    async fn begin(servers: &'a Servers, bucket: &'a Bucket) -> Result<Self, BackendError> {
        let masters = servers.masters().await?;
        Ok(Self {
            servers,
            bucket,
            cursor: Some(Cursor::first(&masters)),
            masters,
            passes: 1,
        })
    }

    /// Returns some keys, possibly none; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, BackendError> {
        let Some(cursor) = self.cursor else {
            let masters = self.servers.agreed_masters().await?;
            if masters.topology_hash == self.masters.topology_hash {
                return Ok(None);
            }
            if self.passes == MAX_PASSES {
                return Err(BackendError::Unavailable(Box::new(SlotsMoving)));
            }
            self.cursor = Some(Cursor::first(&masters));
            self.masters = masters;
            self.passes += 1;
            return Ok(Some(Vec::new()));
        };
        let (next, found) = step(&self.masters, self.bucket, cursor, STEP_COUNT).await?;
        self.cursor = next;
        Ok(Some(found))
    }
}

/// Sends one `SCAN`; returns the next cursor, and full keys of the bucket.
async fn step(
    masters: &Masters,
    bucket: &Bucket,
    cursor: Cursor,
    count: u64,
) -> Result<(Option<Cursor>, Vec<Vec<u8>>), BackendError> {
    let mut pipeline = Pipeline::with_capacity(1);
    pipeline
        .cmd("SCAN")
        .arg(cursor.at)
        .arg("MATCH")
        .arg(glob::starting_with(bucket.prefix()))
        .arg("COUNT")
        .arg(count);
    let master = masters.all.get(cursor.master).ok_or_else(unexpected)?;
    let mut replies = master.send(&pipeline, Access::Read).await?;
    let (next, found) = reply::page(replies.pop().ok_or_else(unexpected)?)?;
    Ok((cursor.after(next, masters), found))
}

/// Strips the bucket's prefix from a full key; `None` if it is not UTF-8.
fn own<'a>(bucket: &Bucket, full_key: &'a [u8]) -> Option<&'a str> {
    bucket.strip(str::from_utf8(full_key).ok()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Handle;

    use super::*;
    use crate::backend::redis::server::Server;

    fn masters(amount: usize, topology_hash: Option<u64>) -> Masters {
        let server = Server::new("nowhere".into(), None, Duration::ZERO, Handle::current());
        Masters {
            all: vec![server.connection.clone(); amount],
            topology_hash,
        }
    }

    #[tokio::test]
    async fn parse_cursor_that_is_no_page_had_is_refused() {
        let one = masters(1, None);
        let parse = |text| Cursor::parse(text, &one);
        assert_eq!(parse(None).unwrap(), Cursor::first(&one));
        assert_eq!(parse(Some("18446744073709551615")).unwrap().at, u64::MAX);
        for text in ["", "0", "-1", "a", "1 ", "18446744073709551616", "7-1-2"] {
            let error = parse(Some(text)).unwrap_err();
            assert!(error.is_invalid_cursor(), "refuse {text:?}: {error:?}");
        }
        let two = masters(2, Some(7));
        for text in ["", "0", "1", "7-2-1", "7-1", "-1-1", "7-1-x", "7-1-1-1"] {
            let error = Cursor::parse(Some(text), &two).unwrap_err();
            assert!(error.is_invalid_cursor(), "refuse {text:?}: {error:?}");
        }
    }

    #[tokio::test]
    async fn parse_cursor_after_the_keys_moved_restarts() {
        let two = masters(2, Some(7));
        let cursor = Cursor::first(&two).after(0, &two).unwrap();
        assert_eq!((cursor.master, cursor.at), (1, 0));
        let text = cursor.to_string();
        assert_eq!(Cursor::parse(Some(&text), &two).unwrap(), cursor);
        let other = masters(1, Some(8));
        assert_eq!(
            Cursor::parse(Some(&text), &other).unwrap(),
            Cursor::first(&other)
        );
        assert_eq!(cursor.after(0, &two), None, "that was the last one");
    }
}
