//! One connection, on which blocking calls take turns, each with a deadline.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tokio::time::Instant;

use super::file::{self, FileError};
use super::late::LateChanges;
use super::rows::Rows;
use crate::backend::{Access, BackendError, Clock, time};

/// How long after a complete sweep the next one is due.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How long closing waits for a call in flight. That call then closes the connection when it ends.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// A connection and the threads that may work on it, one at a time, first come, first served.
///
/// No future of a caller ever holds the connection or a place in the queue for it: a caller that is
/// not polled would block all others. Tasks of the runtime hold them.
pub(super) struct Worker {
    turn: Arc<Mutex<Desk>>,
    clock: Clock,
    deadline: Duration,
    handle: Handle,
}

/// The purpose of a worker's connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Reads, concurrently with writers.
    Reader,
    /// Writes, and removes expired rows.
    Writer,
}

/// The behaviour of a call if the file is missing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// Creates it.
    Create,
    /// Works on an empty table.
    Leave,
}

/// The state of the file that a connection has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileVersion {
    /// Counts changes by other connections, from any number; `None`: the file is missing.
    now: Option<i64>,
    /// The value of `now` when this connection created the file, if it did.
    created: Option<i64>,
}

impl FileVersion {
    /// Returns whether other connections may have changed the file since `before`.
    pub(super) fn has_changed_since(self, before: Self) -> bool {
        match before.now {
            Some(before) => self.now != Some(before),
            None => self.now != self.created,
        }
    }
}

/// The state that the call whose turn it is works with.
struct Desk {
    path: PathBuf,
    deadline: Duration,
    role: Role,
    link: Link,
    /// See [`FileVersion`].
    created: Option<i64>,
    /// When the next write sweeps, by the backend's clock.
    next_sweep: Duration,
}

/// The target of the statements.
enum Link {
    File(Connection),
    /// The file is missing: an empty table in memory.
    Nothing(Connection),
    Closed,
}

/// A call that waits for the connection.
struct Job<T, F> {
    work: F,
    clock: Clock,
    deadline: Instant,
    late: Option<LateChanges>,
    outcome: oneshot::Sender<(Result<T, BackendError>, Option<LateChanges>)>,
}

impl Worker {
    /// Opens the file if it exists.
    pub(super) fn open(
        path: PathBuf,
        role: Role,
        deadline: Duration,
        handle: Handle,
        clock: Clock,
    ) -> Result<Self, FileError> {
        let link = match file::open_if_there(&path, role, deadline, &clock)? {
            Some(connection) => Link::File(connection),
            None => Link::Nothing(file::nothing().map_err(|error| file::refused(&path, error))?),
        };
        let next_sweep = clock().saturating_add(SWEEP_EVERY);
        let desk = Desk {
            path,
            deadline,
            role,
            link,
            created: None,
            next_sweep,
        };
        Ok(Self {
            turn: Arc::new(Mutex::new(desk)),
            clock,
            deadline,
            handle,
        })
    }

    pub(super) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// Runs `work` on the current table.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.run(None, move |desk, clock, _| {
            let connection = desk.connect(Missing::Leave, clock)?;
            work(&Rows::new(connection, clock()))
        })
        .await
    }

    /// Runs `work` in a transaction, which is rolled back if `work` fails. If the caller does not
    /// get the outcome, `late` is published after the commit.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        late: LateChanges,
        missing: Missing,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.run(Some(late), move |desk, clock, deadline| {
            desk.transact(missing, clock, deadline, work)
        })
        .await
    }

    /// Returns the state of the file, as changed by other connections.
    pub(super) async fn file_version(&self) -> Result<FileVersion, BackendError> {
        self.run(None, |desk, clock, _| desk.version(clock)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        late: Option<LateChanges>,
        work: impl FnOnce(&mut Desk, &Clock, Instant) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let deadline = time::deadline_after(self.deadline);
        let (sender, outcome) = oneshot::channel();
        let access = match late {
            Some(_) => Access::Write,
            None => Access::Read,
        };
        let job = Job {
            work,
            clock: Arc::clone(&self.clock),
            deadline,
            late,
            outcome: sender,
        };
        match Arc::clone(&self.turn).try_lock_owned() {
            Ok(desk) => drop(self.handle.spawn_blocking(move || job.run(desk))),
            Err(_) => {
                let turn = Arc::clone(&self.turn).lock_owned();
                drop(self.handle.spawn(job.run_in_turn(turn)));
            }
        }
        match time::within(&self.handle, deadline, outcome).await {
            Ok(Ok((outcome, late))) => {
                late.into_iter().for_each(LateChanges::delivered);
                outcome
            }
            // A job that is dropped before its turn has reached its deadline.
            Ok(Err(_)) if Instant::now() < deadline => {
                Err(access.ended("the call on the file was ended"))
            }
            Ok(Err(_)) | Err(_) => Err(BackendError::Timeout),
        }
    }

    /// Brings the log of the file into it and closes the connection, unless a call takes too long.
    pub(super) fn close(&self) {
        let end = std::time::Instant::now() + CLOSE_PATIENCE;
        loop {
            if let Ok(mut desk) = self.turn.try_lock() {
                return desk.close();
            }
            if std::time::Instant::now() >= end {
                tracing::debug!("a call on the file is in flight and will close the connection");
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl<T, F> Job<T, F>
where
    T: Send + 'static,
    F: FnOnce(&mut Desk, &Clock, Instant) -> Result<T, BackendError> + Send + 'static,
{
    fn run(mut self, mut desk: OwnedMutexGuard<Desk>) {
        self.late.iter_mut().for_each(LateChanges::begin);
        let outcome = desk
            .begin(self.deadline)
            .and_then(|()| (self.work)(&mut desk, &self.clock, self.deadline));
        drop(desk);
        // If the caller is gone, the unsent changes are dropped and thereby published.
        let _ = self.outcome.send((outcome, self.late));
    }

    async fn run_in_turn(self, turn: impl Future<Output = OwnedMutexGuard<Desk>>) {
        let turn = tokio::time::timeout_at(self.deadline, turn).await;
        if let Ok(desk) = turn
            && !self.outcome.is_closed()
        {
            tokio::task::spawn_blocking(move || self.run(desk));
        }
    }
}

impl Desk {
    fn begin(&self, deadline: Instant) -> Result<(), BackendError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(BackendError::Timeout);
        }
        if let Link::File(connection) = &self.link {
            busy_timeout(connection, left)?;
        }
        Ok(())
    }

    /// Returns the connection; opens the file if it exists by now.
    fn connect(
        &mut self,
        missing: Missing,
        clock: &Clock,
    ) -> Result<&mut Connection, BackendError> {
        if let Link::Nothing(_) = self.link {
            let opened = match missing {
                Missing::Create => {
                    let (connection, created) = file::create(&self.path, self.deadline, clock)?;
                    self.created = created;
                    Some(connection)
                }
                Missing::Leave => file::open_if_there(&self.path, self.role, self.deadline, clock)?,
            };
            if let Some(connection) = opened {
                self.link = Link::File(connection);
            }
        }
        match &mut self.link {
            Link::File(connection) | Link::Nothing(connection) => Ok(connection),
            Link::Closed => Err(BackendError::Unavailable("the file is closed".into())),
        }
    }

    fn version(&mut self, clock: &Clock) -> Result<FileVersion, BackendError> {
        self.connect(Missing::Leave, clock)?;
        let now = match &self.link {
            Link::File(connection) => Some(file::data_version(connection)?),
            Link::Nothing(_) | Link::Closed => None,
        };
        let created = self.created;
        Ok(FileVersion { now, created })
    }

    fn close(&mut self) {
        let Link::File(connection) = std::mem::replace(&mut self.link, Link::Closed) else {
            return;
        };
        if self.role == Role::Writer {
            // The last connection to a file does so by itself. If there are others, a copy of the
            // file is up to date this way.
            let checkpoint = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
            if let Err(error) = checkpoint {
                tracing::warn!(%error, "cannot bring the log of the file into it");
            }
        }
        if let Err((_, error)) = connection.close() {
            tracing::warn!(%error, "cannot close the file");
        }
    }

    fn transact<T>(
        &mut self,
        missing: Missing,
        clock: &Clock,
        deadline: Instant,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let mut next_sweep = self.next_sweep;
        let transaction = self
            .connect(missing, clock)?
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // `SQLite` may wait longer. A write whose caller has timed out must not follow: it could
        // undo a later one.
        if Instant::now() >= deadline {
            return Err(BackendError::Timeout);
        }
        // Read after waiting for other writers.
        let now = clock();
        let rows = Rows::new(&transaction, now);
        if now >= next_sweep && !rows.sweep()? {
            next_sweep = now.saturating_add(SWEEP_EVERY);
        }
        let result = work(&rows)?;
        // A failed commit may have reached the file.
        let committed = transaction.commit().map_err(BackendError::from);
        committed.map_err(|error| error.after_another_part(true))?;
        self.next_sweep = next_sweep;
        Ok(result)
    }
}

/// Lets the connection wait for other processes, for as long as `SQLite` supports at most.
pub(super) fn busy_timeout(connection: &Connection, timeout: Duration) -> rusqlite::Result<()> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    connection.busy_timeout(timeout.min(LONGEST))
}

#[cfg(test)]
mod tests;
