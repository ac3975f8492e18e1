//! The statements of one transaction on the table of entries, at one moment.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, Row};

use crate::backend::{BackendError, Bucket, Entry, Slot, counter, time};

/// How many expired rows one sweep removes at most.
const SWEPT_AT_ONCE: u32 = 1000;

/// The table at one moment: expired rows are ignored.
pub(super) struct Rows<'c> {
    connection: &'c Connection,
    /// Milliseconds since the Unix epoch.
    now: i64,
}

/// Keys of a bucket, as a range of full keys.
#[derive(Clone, Debug)]
pub(super) struct Range {
    start: String,
    /// Whether the key `start` itself is left out.
    after_start: bool,
    /// The first text after all keys of the bucket: `;` comes right after `:`.
    end: String,
}

/// The result of one step of clearing a bucket.
pub(super) struct Cleared {
    /// How many keys existed.
    pub(super) existed: u64,
    /// The last full key of the step; `None`: no row was left.
    pub(super) last: Option<String>,
}

impl Range {
    /// Returns the keys of a bucket; with `after`, only those after that key.
    pub(super) fn new(bucket: &Bucket, after: Option<&str>) -> Self {
        Self {
            start: bucket.full_key(after.unwrap_or_default()),
            after_start: after.is_some(),
            end: format!("{bucket};"),
        }
    }

    /// Continues after a full key.
    pub(super) fn start_after(&mut self, full_key: String) {
        self.start = full_key;
        self.after_start = true;
    }
}

impl<'c> Rows<'c> {
    /// Returns the table at the moment `now`, counted from the Unix epoch.
    pub(super) fn new(connection: &'c Connection, now: Duration) -> Self {
        Self {
            connection,
            now: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        }
    }

    pub(super) fn slot(&self, key: &str) -> Result<Slot, BackendError> {
        const SQL: &str = "SELECT value, expires_ms FROM entries
            WHERE key = ?1 AND (expires_ms IS NULL OR expires_ms > ?2)";
        let entry = self
            .connection
            .prepare_cached(SQL)?
            .query_row((key, self.now), |row| self.entry(row))
            .optional()?;
        Ok(entry.map_or(Slot::Absent, Slot::Entry))
    }

    pub(super) fn is_there(&self, key: &str) -> Result<bool, BackendError> {
        const SQL: &str = "SELECT 1 FROM entries
            WHERE key = ?1 AND (expires_ms IS NULL OR expires_ms > ?2)";
        let mut statement = self.connection.prepare_cached(SQL)?;
        Ok(statement.exists((key, self.now))?)
    }

    pub(super) fn put(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        self.write(key, value, self.expiry(ttl))
    }

    /// Writes a value unless the key exists; then returns what the key holds.
    pub(super) fn put_if_absent(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<Option<Slot>, BackendError> {
        match self.slot(key)? {
            Slot::Absent => self.put(key, value, ttl).map(|()| None),
            held => Ok(Some(held)),
        }
    }

    /// Writes a value if the key exists; returns whether it did.
    pub(super) fn put_if_present(
        &self,
        key: &str,
        value: &[u8],
        ttl: Option<Duration>,
    ) -> Result<bool, BackendError> {
        let is_there = self.is_there(key)?;
        if is_there {
            self.put(key, value, ttl)?;
        }
        Ok(is_there)
    }

    pub(super) fn increment(
        &self,
        key: &str,
        delta: i64,
        ttl: Option<Duration>,
    ) -> Result<i64, BackendError> {
        const SQL: &str = "SELECT value, expires_ms FROM entries
            WHERE key = ?1 AND (expires_ms IS NULL OR expires_ms > ?2)";
        let held: Option<(Vec<u8>, Option<i64>)> = self
            .connection
            .prepare_cached(SQL)?
            .query_row((key, self.now), |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let (value, expires) = match &held {
            Some((value, expires)) => (Some(value.as_slice()), *expires),
            None => (None, self.expiry(ttl)),
        };
        let sum = counter::sum(value, delta)?;
        self.write(key, sum.to_string().as_bytes(), expires)?;
        Ok(sum)
    }

    /// Deletes a key; returns whether it existed.
    pub(super) fn delete(&self, key: &str) -> Result<bool, BackendError> {
        const SQL: &str = "DELETE FROM entries WHERE key = ?1
            RETURNING expires_ms IS NULL OR expires_ms > ?2";
        let existed = self
            .connection
            .prepare_cached(SQL)?
            .query_row((key, self.now), |row| row.get(0))
            .optional()?;
        Ok(existed.unwrap_or(false))
    }

    /// Sets or removes the TTL of a key; returns whether the key exists.
    pub(super) fn expire(&self, key: &str, ttl: Option<Duration>) -> Result<bool, BackendError> {
        const SQL: &str = "UPDATE entries SET expires_ms = ?3
            WHERE key = ?1 AND (expires_ms IS NULL OR expires_ms > ?2)";
        let mut statement = self.connection.prepare_cached(SQL)?;
        Ok(statement.execute((key, self.now, self.expiry(ttl)))? > 0)
    }

    /// Returns the first `limit` full keys of the range, in order.
    pub(super) fn keys(&self, range: &Range, limit: u32) -> Result<Vec<String>, BackendError> {
        const SQL: &str = "SELECT key FROM entries
            WHERE key >= ?1 AND key < ?2 AND NOT (?3 AND key = ?1)
                AND (expires_ms IS NULL OR expires_ms > ?4)
            ORDER BY key LIMIT ?5";
        let mut statement = self.connection.prepare_cached(SQL)?;
        let bound = (&range.start, &range.end, range.after_start, self.now, limit);
        let keys = statement.query_map(bound, |row| row.get(0))?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    pub(super) fn count(&self, range: &Range) -> Result<u64, BackendError> {
        const SQL: &str = "SELECT count(*) FROM entries
            WHERE key >= ?1 AND key < ?2 AND (expires_ms IS NULL OR expires_ms > ?3)";
        let count: i64 = self
            .connection
            .prepare_cached(SQL)?
            .query_row((&range.start, &range.end, self.now), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Deletes the first `limit` rows of the range.
    pub(super) fn delete_first(&self, range: &Range, limit: u32) -> Result<Cleared, BackendError> {
        const FIND: &str = "SELECT max(key), count(*) FILTER (WHERE live) FROM (
            SELECT key, expires_ms IS NULL OR expires_ms > ?4 AS live FROM entries
            WHERE key >= ?1 AND key < ?2 AND NOT (?3 AND key = ?1)
            ORDER BY key LIMIT ?5)";
        const DELETE: &str = "DELETE FROM entries WHERE key >= ?1 AND key <= ?2";
        let bound = (&range.start, &range.end, range.after_start, self.now, limit);
        let (last, existed): (Option<String>, i64) = self
            .connection
            .prepare_cached(FIND)?
            .query_row(bound, |row| Ok((row.get(0)?, row.get(1)?)))?;
        if let Some(last) = &last {
            self.connection
                .prepare_cached(DELETE)?
                .execute((&range.start, last))?;
        }
        Ok(Cleared {
            existed: u64::try_from(existed).unwrap_or(0),
            last,
        })
    }

    /// Removes some expired rows, the earliest first; returns whether there may be more.
    pub(super) fn sweep(&self) -> rusqlite::Result<bool> {
        const SQL: &str = "DELETE FROM entries WHERE rowid IN (
            SELECT rowid FROM entries WHERE expires_ms <= ?1 ORDER BY expires_ms LIMIT ?2)";
        let swept = self
            .connection
            .prepare_cached(SQL)?
            .execute((self.now, SWEPT_AT_ONCE))?;
        Ok(u32::try_from(swept).is_ok_and(|swept| swept >= SWEPT_AT_ONCE))
    }

    fn write(&self, key: &str, value: &[u8], expires: Option<i64>) -> Result<(), BackendError> {
        const SQL: &str = "INSERT INTO entries (key, value, expires_ms) VALUES (?1, ?2, ?3)
            ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_ms = excluded.expires_ms";
        self.connection
            .prepare_cached(SQL)?
            .execute((key, value, expires))?;
        Ok(())
    }

    fn expiry(&self, ttl: Option<Duration>) -> Option<i64> {
        ttl.map(|ttl| self.now.saturating_add(time::whole_millis(ttl)))
    }

    fn entry(&self, row: &Row<'_>) -> rusqlite::Result<Entry> {
        let expires: Option<i64> = row.get(1)?;
        Ok(Entry {
            value: row.get(0)?,
            ttl: expires.map(|expires| time::from_millis(expires.saturating_sub(self.now))),
        })
    }
}
