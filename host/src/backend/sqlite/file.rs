//! The file: how it is created, recognised and opened.
//!
//! Two free fields of its header identify it as ours:
//! <https://sqlite.org/pragma.html#pragma_application_id>.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use super::rows::Rows;
use super::worker::{Role, busy_timeout};
use crate::backend::{Cause, Clock};

/// `flip` in ASCII.
const APPLICATION_ID: i32 = 0x666c_6970;

/// The version of [`SCHEMA`].
const SCHEMA_VERSION: i32 = 1;

/// `expires_ms`: when the entry expires, in milliseconds since the Unix epoch; NULL: never.
const SCHEMA: &str = "
    CREATE TABLE entries (
        key TEXT NOT NULL PRIMARY KEY,
        value BLOB NOT NULL,
        expires_ms INTEGER
    ) STRICT;
    CREATE INDEX entries_by_expiry ON entries (expires_ms) WHERE expires_ms IS NOT NULL;
";

/// How often the change to write-ahead logging is retried while another process blocks it.
const JOURNAL_RETRY: Duration = Duration::from_millis(5);

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The path means a database in memory to `SQLite`, which no two connections share.
    #[error("{} is not the name of a file; for a store in memory, use `memory:`", .0.display())]
    NotAFile(PathBuf),
    /// The file's directory is missing and cannot be created.
    #[error("cannot create the directory {}", .path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The file is not a database.
    #[error("{} is not an SQLite database", .0.display())]
    NotADatabase(PathBuf),
    /// The file is a database of another program.
    #[error("{} is a database of another program", .0.display())]
    Foreign(PathBuf),
    /// The file was written by a newer version of this program.
    #[error("{} has version {found} of the schema; this program supports up to {SCHEMA_VERSION}",
        .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// Any other error.
    #[error("cannot open {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// `SQLite`'s error.
        #[source]
        source: Cause,
    },
}

/// Returns the absolute path.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, FileError> {
    check_name(path)?;
    std::path::absolute(path).map_err(|error| FileError::Open {
        path: path.to_owned(),
        source: Box::new(error),
    })
}

/// Opens a file that exists and has the schema; returns `None` if it does not exist yet. A writer
/// removes some expired rows.
pub(super) fn open_if_there(
    path: &Path,
    role: Role,
    deadline: Duration,
    clock: &Clock,
) -> Result<Option<Connection>, FileError> {
    let is_there = || path.try_exists().unwrap_or(true);
    if !is_there() {
        return Ok(None);
    }
    let mut connection = match connect(path, deadline, OpenFlags::empty()) {
        Ok(connection) => connection,
        // The file has just been removed.
        Err(_) if !is_there() => return Ok(None),
        Err(error) => return Err(refused(path, error)),
    };
    if !is_ours(&mut connection, path)? {
        return Ok(None);
    }
    if role == Role::Writer {
        write_ahead(&connection, deadline).map_err(|error| refused(path, error))?;
        prepare(&mut connection, path, clock)?;
    }
    Ok(Some(connection))
}

/// Opens the file for writing, and creates what is missing, including its directory. Also returns
/// the data version at which this connection created the schema, if it did.
pub(super) fn create(
    path: &Path,
    deadline: Duration,
    clock: &Clock,
) -> Result<(Connection, Option<i64>), FileError> {
    create_directory(path)?;
    let connected = connect(path, deadline, OpenFlags::SQLITE_OPEN_CREATE);
    let mut connection = connected.map_err(|error| refused(path, error))?;
    // A file that is not ours is not changed.
    is_ours(&mut connection, path)?;
    write_ahead(&connection, deadline).map_err(|error| refused(path, error))?;
    let created = prepare(&mut connection, path, clock)?;
    Ok((connection, created))
}

/// Returns an empty table in memory, for as long as the file is missing.
pub(super) fn nothing() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(SCHEMA)?;
    Ok(connection)
}

/// Returns a counter of the changes by other connections, which starts from any number.
pub(super) fn data_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "data_version", |row| row.get(0))
}

fn check_name(path: &Path) -> Result<(), FileError> {
    if path == Path::new("") || path == Path::new(":memory:") {
        return Err(FileError::NotAFile(path.to_owned()));
    }
    Ok(())
}

fn connect(path: &Path, deadline: Duration, create: OpenFlags) -> rusqlite::Result<Connection> {
    // No SQLITE_OPEN_URI: a path is taken literally.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags | create)?;
    busy_timeout(&connection, deadline)?;
    // If the machine crashes, the last writes may be lost, but not the file. That is enough for a
    // cache.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

fn create_directory(path: &Path) -> Result<(), FileError> {
    let Some(directory) = path.parent().filter(|parent| *parent != Path::new("")) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(directory)
        .map_err(|source| FileError::Directory {
            path: directory.to_owned(),
            source,
        })
}

fn is_ours(connection: &mut Connection, path: &Path) -> Result<bool, FileError> {
    let look = connection
        .transaction()
        .map_err(|error| refused(path, error))?;
    recognise(&look, path)
}

/// Returns whether the file has the schema; an empty file has not.
///
/// Reads in one transaction, so that a file that is being created is not seen half done.
fn recognise(connection: &Transaction<'_>, path: &Path) -> Result<bool, FileError> {
    let header = |name| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i32>(0))
            .map_err(|error| refused(path, error))
    };
    let (application, version) = (header("application_id")?, header("user_version")?);
    let objects: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .map_err(|error| refused(path, error))?;
    match (application, version, objects) {
        (0, 0, 0) => Ok(false),
        (APPLICATION_ID, SCHEMA_VERSION, _) => Ok(true),
        (APPLICATION_ID, found, _) if found > SCHEMA_VERSION => Err(FileError::Newer {
            path: path.to_owned(),
            found,
        }),
        _ => Err(FileError::Foreign(path.to_owned())),
    }
}

/// Turns on write-ahead logging. That needs exclusive access, for which `SQLite` does not wait by
/// itself.
fn write_ahead(connection: &Connection, deadline: Duration) -> rusqlite::Result<()> {
    let start = Instant::now();
    loop {
        let changed = connection.pragma_update(None, "journal_mode", "WAL");
        match changed {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && start.elapsed() < deadline =>
            {
                std::thread::sleep(JOURNAL_RETRY);
            }
            changed => return changed,
        }
    }
}

/// Creates the schema if it is missing, and returns the data version at which it did; removes some
/// expired rows.
fn prepare(
    connection: &mut Connection,
    path: &Path,
    clock: &Clock,
) -> Result<Option<i64>, FileError> {
    let refused = |error| refused(path, error);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(refused)?;
    let mut created = None;
    // Another process may have been faster.
    if !recognise(&transaction, path)? {
        transaction.execute_batch(SCHEMA).map_err(refused)?;
        transaction
            .pragma_update(None, "application_id", APPLICATION_ID)
            .map_err(refused)?;
        transaction
            .pragma_update(None, "user_version", SCHEMA_VERSION)
            .map_err(refused)?;
        // No other connection can write yet, so every later change counts.
        created = Some(data_version(&transaction).map_err(refused)?);
    }
    Rows::new(&transaction, clock()).sweep().map_err(refused)?;
    transaction.commit().map_err(refused)?;
    Ok(created)
}

pub(super) fn refused(path: &Path, error: rusqlite::Error) -> FileError {
    let path = path.to_owned();
    if error.sqlite_error_code() == Some(ErrorCode::NotADatabase) {
        return FileError::NotADatabase(path);
    }
    FileError::Open {
        path,
        source: Box::new(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn open_after(change: &str) -> Result<Option<Connection>, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db");
        let clock = crate::backend::time::wall();
        drop(create(&path, SECOND, &clock).unwrap());
        let other = Connection::open(&path).unwrap();
        other.execute_batch(change).unwrap();
        drop(other);
        open_if_there(&path, Role::Writer, SECOND, &clock)
    }

    #[test]
    fn open_file_of_ours_is_recognised() {
        let connection = open_after("").unwrap().expect("it is there");
        let journal: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(journal, "wal");
    }

    #[test]
    fn open_database_of_another_program_is_refused() {
        let refused = open_after("PRAGMA application_id = 7");
        assert!(matches!(refused, Err(FileError::Foreign(_))), "{refused:?}");
        let refused = open_after("PRAGMA application_id = 0");
        assert!(matches!(refused, Err(FileError::Foreign(_))), "{refused:?}");
    }

    #[test]
    fn open_file_of_a_newer_version_is_refused() {
        let refused = open_after("PRAGMA user_version = 9");
        assert!(
            matches!(refused, Err(FileError::Newer { found: 9, .. })),
            "{refused:?}"
        );
    }

    #[test]
    fn absolute_name_that_sqlite_takes_for_memory_is_refused() {
        for name in [":memory:", ""] {
            let refused = absolute(Path::new(name));
            assert!(matches!(refused, Err(FileError::NotAFile(_))));
        }
    }
}
