//! Commands that go through all keys of a bucket: <https://redis.io/docs/latest/commands/scan/>.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};

use ::redis::Pipeline;

use super::error::unexpected;
use super::servers::{Masters, Servers};
use super::{glob, read, reply};
use crate::backend::{Access, BackendError, Bucket, InvalidCursor, Page};

/// How many keys of the whole server one `SCAN` looks at, least and most.
const FEWEST: u64 = 16;
const MOST: u64 = 4096;

/// How many keys of the whole server a step of counting and clearing looks at.
const STEP: u64 = 1024;

/// How many round trips a page may take: a bucket may be a small part of a large server.
const ROUND_TRIPS: usize = 16;

/// How often a bucket is gone through anew because its keys have been divided anew.
const ROUNDS: usize = 8;

/// The keys moved whenever they had been gone through.
#[derive(Debug, thiserror::Error)]
#[error("the keys are being divided anew among the masters")]
struct Restless;

/// A page of keys; possibly empty.
pub(super) async fn scan(
    servers: &Servers,
    bucket: &Bucket,
    cursor: Option<&str>,
    limit: u32,
) -> Result<Page, BackendError> {
    let masters = servers.masters().await?;
    let mut cursor = Some(Cursor::parse(cursor, &masters)?);
    let mut count = u64::from(limit).clamp(FEWEST, MOST);
    let mut keys: Vec<String> = Vec::new();
    for _ in 0..ROUND_TRIPS {
        let Some(at) = cursor else { break };
        let (next, found) = step(&masters, bucket, at, count).await?;
        cursor = next;
        let own = found.iter().filter_map(|key| own(bucket, key));
        keys.extend(own.map(str::to_owned));
        if !keys.is_empty() {
            break;
        }
        count = (2 * count).min(MOST);
    }
    if cursor.is_none() {
        let now = servers.agreed_masters().await?;
        let is_divided_anew = now.division != masters.division;
        cursor = is_divided_anew.then(|| Cursor::first(&now));
    }
    Ok(Page {
        keys,
        cursor: cursor.map(|cursor| cursor.to_string()),
    })
}

/// How many different keys there are. Remembers 16 bytes of each: two hashes, with keys that nobody
/// knows.
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
        Err(error) if deleted > 0 => Err(error.after_another_part()),
        Err(error) => Err(error),
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

/// Where the next `SCAN` begins: at a master, as that one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cursor {
    /// How the keys were divided when the listing began.
    division: Option<u64>,
    master: usize,
    at: u64,
}

impl Cursor {
    fn first(masters: &Masters) -> Self {
        Self {
            division: masters.division,
            master: 0,
            at: 0,
        }
    }

    /// Where a page ended. If keys have been divided anew since, some may stand where the listing has
    /// been already: it begins anew.
    fn parse(text: Option<&str>, masters: &Masters) -> Result<Self, BackendError> {
        let first = Self::first(masters);
        let Some(text) = text else { return Ok(first) };
        let cursor = Self::read(text, masters.division.is_some());
        let cursor = cursor.filter(|cursor| cursor.is_inside(masters));
        match cursor {
            None => Err(InvalidCursor.into()),
            Some(cursor) if cursor.division == masters.division => Ok(cursor),
            Some(_) => Ok(first),
        }
    }

    fn read(text: &str, is_divided: bool) -> Option<Self> {
        if !is_divided {
            return Some(Self {
                division: None,
                master: 0,
                at: text.parse().ok()?,
            });
        }
        let (division, rest) = text.split_once('-')?;
        let (master, at) = rest.split_once('-')?;
        Some(Self {
            division: Some(u64::from_str_radix(division, 16).ok()?),
            master: master.parse().ok()?,
            at: at.parse().ok()?,
        })
    }

    /// 0 is where `SCAN` begins and ends: no page of a single server has it.
    fn is_inside(self, masters: &Masters) -> bool {
        match self.division {
            None => self.at != 0,
            same if same == masters.division => self.master < masters.all.len(),
            Some(_) => true,
        }
    }

    /// Where it goes on after a `SCAN` that answered `next`; `None`: that was all.
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
        match self.division {
            None => at.fmt(f),
            Some(division) => write!(f, "{division:x}-{master}-{at}"),
        }
    }
}

/// Goes through all keys of a bucket. What is there from the beginning to the end is found, because
/// `SCAN` finds it before its cursor is 0 again.
struct Walk<'a> {
    servers: &'a Servers,
    bucket: &'a Bucket,
    masters: Masters,
    cursor: Option<Cursor>,
    rounds: usize,
}

impl<'a> Walk<'a> {
    async fn begin(servers: &'a Servers, bucket: &'a Bucket) -> Result<Self, BackendError> {
        let masters = servers.masters().await?;
        Ok(Self {
            servers,
            bucket,
            cursor: Some(Cursor::first(&masters)),
            masters,
            rounds: 1,
        })
    }

    /// Some keys, or none; `None` at the end.
    async fn next(&mut self) -> Result<Option<Vec<Vec<u8>>>, BackendError> {
        let Some(cursor) = self.cursor else {
            let masters = self.servers.agreed_masters().await?;
            if masters.division == self.masters.division {
                return Ok(None);
            }
            if self.rounds == ROUNDS {
                return Err(BackendError::Unavailable(Box::new(Restless)));
            }
            self.cursor = Some(Cursor::first(&masters));
            self.masters = masters;
            self.rounds += 1;
            return Ok(Some(Vec::new()));
        };
        let (next, found) = step(&self.masters, self.bucket, cursor, STEP).await?;
        self.cursor = next;
        Ok(Some(found))
    }
}

/// One `SCAN`: where to go on, and full keys of the bucket.
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

/// The bucket's own part of a full key; `None` if it is not UTF-8.
fn own<'a>(bucket: &Bucket, full_key: &'a [u8]) -> Option<&'a str> {
    bucket.strip(str::from_utf8(full_key).ok()?)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::runtime::Handle;

    use super::*;
    use crate::backend::redis::server::Server;

    fn masters(amount: usize, division: Option<u64>) -> Masters {
        let server = Server::new("nowhere".into(), None, Duration::ZERO, Handle::current());
        Masters {
            all: vec![server.connection.clone(); amount],
            division,
        }
    }

    #[tokio::test]
    async fn parse_cursor_that_is_none_of_ours_is_refused() {
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
    async fn parse_cursor_after_the_keys_were_divided_anew_begins_anew() {
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
