//! A shared `SQLite` file. It has no `MONITOR`: triggers record the changes of all connections in
//! the order of the transactions, and a separate connection reads them.
//!
//! Triggers do not record deletions of absent keys.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use flipcache::backend::sqlite::SqliteBackend;
use flipcache::backend::{BackendOptions, Bucket, KvBackend};
use rusqlite::Connection;

use super::connection::set_in_file;
use crate::history::{Event, FinalScan, MonitorLine, Recorder};
use crate::names::complete;
use crate::time::Moment;

/// The busy timeout of a connection: a stopped process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(20);

/// The interval between reads of the changes. The time of a read is an upper bound of its changes.
const INTERVAL: Duration = Duration::from_millis(2);

/// A ttl is what is left of it when the trigger runs.
const TRIGGERS: &str = "
    CREATE TABLE changes (
        position INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL,
        value BLOB,
        ttl INTEGER,
        extends INTEGER NOT NULL
    ) STRICT;
    CREATE TRIGGER inserted AFTER INSERT ON entries BEGIN
        INSERT INTO changes (key, value, ttl, extends) VALUES (new.key, new.value,
            new.expires_ms - CAST(unixepoch('subsec') * 1000 AS INTEGER), 0);
    END;
    CREATE TRIGGER updated AFTER UPDATE ON entries BEGIN
        INSERT INTO changes (key, value, ttl, extends) VALUES (new.key, new.value,
            new.expires_ms - CAST(unixepoch('subsec') * 1000 AS INTEGER), new.value = old.value);
    END;
    CREATE TRIGGER deleted AFTER DELETE ON entries BEGIN
        INSERT INTO changes (key, value, ttl, extends) VALUES (old.key, NULL, NULL, 0);
    END;
";

pub(super) struct SharedFile {
    path: PathBuf,
    admin: Connection,
    recorder: Arc<Recorder>,
    is_over: Arc<AtomicBool>,
    /// The position of the last change that was read.
    last: Arc<AtomicU64>,
    listener: Option<JoinHandle<Result<()>>>,
}

/// Opens a connection beside those of the cache.
pub(super) fn connect(path: &Path) -> Result<Connection> {
    let connection = Connection::open(path).context("the file must open")?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    Ok(connection)
}

impl SharedFile {
    /// Creates the file in a folder, and starts to record its changes.
    pub(super) fn start(folder: &Path, recorder: &Arc<Recorder>) -> Result<Self> {
        let path = folder.join("cache.db");
        let runtime = flipcache::io::runtime().context("the backend needs threads")?;
        // The cache creates the file with its first write.
        let store = SqliteBackend::open(&path, &BackendOptions::default(), runtime.clone())?;
        let bucket = Bucket::new("setup").context("the name is valid")?;
        let entries = [("k".to_owned(), Vec::new())];
        runtime.block_on(async {
            store.set(&bucket, &entries, None).await?;
            store.delete(&bucket, &["k".to_owned()]).await
        })?;
        drop(store);
        let admin = connect(&path)?;
        admin
            .execute_batch(TRIGGERS)
            .context("the triggers must be created")?;
        let (is_over, last) = (Arc::<AtomicBool>::default(), Arc::<AtomicU64>::default());
        let listener = thread::Builder::new().name("changes".to_owned()).spawn({
            let (connection, recorder) = (connect(&path)?, Arc::clone(recorder));
            let (is_over, last) = (Arc::clone(&is_over), Arc::clone(&last));
            move || listen(&connection, &recorder, &is_over, &last)
        });
        Ok(Self {
            path,
            admin,
            recorder: Arc::clone(recorder),
            is_over,
            last,
            listener: Some(listener.context("the listener needs a thread")?),
        })
    }

    pub(super) fn url(&self) -> String {
        format!("sqlite:{}", self.path.display())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a key of the cache, without using it.
    pub(super) fn set(&self, key: &str, value: &str) -> Result<()> {
        set_in_file(&self.admin, &complete(key), value)
    }

    /// Scans the file, once all changes are read.
    pub(super) fn final_scan(&mut self) -> Result<()> {
        self.is_over.store(true, Ordering::Release);
        if let Some(listener) = self.listener.take() {
            let ended = listener.join();
            ended.map_err(|_| anyhow!("the listener panicked"))??;
        }
        const SQL: &str = "SELECT key, value FROM entries
            WHERE expires_ms IS NULL OR expires_ms > unixepoch('subsec') * 1000";
        let mut statement = self.admin.prepare(SQL)?;
        let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)))?;
        let mut values = BTreeMap::new();
        for row in rows {
            let (key, value) = row?;
            values.insert(key, String::from_utf8_lossy(&value).into_owned());
        }
        self.recorder.write(&Event::FinalScan(FinalScan {
            order: self.last.load(Ordering::Acquire) + 1,
            at: Moment::now(),
            restarted: false,
            durable: true,
            values,
        }));
        Ok(())
    }
}

impl Drop for SharedFile {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Release);
    }
}

/// Records changes until `is_over` is set and none are left.
fn listen(
    connection: &Connection,
    recorder: &Recorder,
    is_over: &AtomicBool,
    last: &AtomicU64,
) -> Result<()> {
    const SQL: &str = "SELECT position, key, value, ttl, extends FROM changes
        WHERE position > ?1 ORDER BY position";
    let mut statement = connection.prepare(SQL)?;
    loop {
        let was_over = is_over.load(Ordering::Acquire);
        let after = i64::try_from(last.load(Ordering::Acquire)).unwrap_or(i64::MAX);
        let changes = statement.query_map([after], |row| {
            let value: Option<Vec<u8>> = row.get(2)?;
            let value = value.map(|value| String::from_utf8_lossy(&value).into_owned());
            let words = words(row.get(1)?, value, row.get(3)?, row.get(4)?);
            Ok((row.get::<_, i64>(0)?, words))
        })?;
        let changes: Vec<_> = changes.collect::<rusqlite::Result<_>>()?;
        let at = Moment::now();
        let is_quiet = changes.is_empty();
        for (position, words) in changes {
            let order = u64::try_from(position).unwrap_or(0);
            recorder.write(&Event::Monitored(MonitorLine { order, at, words }));
            last.store(order, Ordering::Release);
        }
        if was_over && is_quiet {
            return Ok(());
        }
        thread::sleep(INTERVAL);
    }
}

/// Returns a change as the equivalent command of Redis.
fn words(key: String, value: Option<String>, ttl: Option<i64>, extends: bool) -> Vec<String> {
    let ttl = ttl.map(|ttl| ["PX".to_owned(), ttl.max(1).to_string()]);
    let mut words: Vec<String> = match (value, &ttl) {
        (None, _) => vec!["DEL".to_owned(), key],
        (Some(_), Some(_)) if extends => vec!["GETEX".to_owned(), key],
        (Some(_), None) if extends => vec!["PERSIST".to_owned(), key],
        (Some(value), _) => vec!["SET".to_owned(), key, value],
    };
    words.extend(ttl.into_iter().flatten());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_change_is_the_equivalent_command() {
        let of = |value: Option<&str>, ttl, extends| {
            words("k".to_owned(), value.map(str::to_owned), ttl, extends).join(" ")
        };
        assert_eq!(of(Some("v"), None, false), "SET k v");
        assert_eq!(of(Some("v"), Some(50), false), "SET k v PX 50");
        assert_eq!(of(Some("v"), Some(-3), false), "SET k v PX 1");
        assert_eq!(of(Some("v"), Some(50), true), "GETEX k PX 50");
        assert_eq!(of(Some("v"), None, true), "PERSIST k");
        assert_eq!(of(None, None, false), "DEL k");
    }
}
