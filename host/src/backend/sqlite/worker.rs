//! One connection, on which blocking calls take turns, each with a deadline.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::rows::Rows;
use crate::backend::{BackendError, Clock, time};

/// How long after a sweep that left nothing over the next one is due.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// A connection and the threads that may work on it, one at a time, first come, first served.
pub(super) struct Worker {
    turn: Arc<Mutex<Desk>>,
    clock: Clock,
    deadline: Duration,
    handle: Handle,
}

/// What the one whose turn it is has before them.
struct Desk {
    connection: Connection,
    /// When the next write sweeps, by the store's clock.
    next_sweep: Duration,
}

impl Worker {
    pub(super) fn new(
        connection: Connection,
        deadline: Duration,
        handle: Handle,
        clock: Clock,
    ) -> Self {
        let next_sweep = clock().saturating_add(SWEEP_EVERY);
        Self {
            turn: Arc::new(Mutex::new(Desk {
                connection,
                next_sweep,
            })),
            clock,
            deadline,
            handle,
        }
    }

    /// Runs `work` on the table as it is now.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.run(move |desk, clock, _| work(&Rows::new(&desk.connection, clock())))
            .await
    }

    /// Runs `work` in a transaction, which is given up if `work` fails.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        self.run(move |desk, clock, deadline| desk.transact(clock, deadline, work))
            .await
    }

    /// How often other connections have changed the file, counted from any number.
    pub(super) async fn data_version(&self) -> Result<i64, BackendError> {
        self.run(|desk, _, _| {
            let version = desk
                .connection
                .pragma_query_value(None, "data_version", |row| row.get(0));
            Ok(version?)
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Desk, &Clock, Instant) -> Result<T, BackendError> + Send + 'static,
    ) -> Result<T, BackendError> {
        let deadline = time::deadline_after(self.deadline);
        let turn = Arc::clone(&self.turn).lock_owned();
        let mut desk: OwnedMutexGuard<Desk> = time::within(&self.handle, deadline, turn)
            .await
            .map_err(|_| BackendError::Timeout)?;
        let clock = Arc::clone(&self.clock);
        let task = self.handle.spawn_blocking(move || {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(BackendError::Timeout);
            }
            busy_timeout(&desk.connection, left)?;
            work(&mut desk, &clock, deadline)
        });
        match time::within(&self.handle, deadline, task).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(broken)) => Err(BackendError::Other(Box::new(broken))),
            Err(_) => Err(BackendError::Timeout),
        }
    }
}

impl Desk {
    fn transact<T>(
        &mut self,
        clock: &Clock,
        deadline: Instant,
        work: impl FnOnce(&Rows<'_>) -> Result<T, BackendError>,
    ) -> Result<T, BackendError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // SQLite's wait may last longer. A write that the caller has given up must not come later:
        // it could undo one that was made in between.
        if Instant::now() >= deadline {
            return Err(BackendError::Timeout);
        }
        // The clock is read behind the wait for other writers.
        let now = clock();
        let rows = Rows::new(&transaction, now);
        let mut next_sweep = self.next_sweep;
        if now >= next_sweep && !rows.sweep()? {
            next_sweep = now.saturating_add(SWEEP_EVERY);
        }
        let answer = work(&rows)?;
        transaction.commit()?;
        self.next_sweep = next_sweep;
        Ok(answer)
    }
}

/// Lets the connection wait for other processes, for as long as `SQLite` can at most.
pub(super) fn busy_timeout(connection: &Connection, timeout: Duration) -> rusqlite::Result<()> {
    const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
    connection.busy_timeout(timeout.min(LONGEST))
}

#[cfg(test)]
mod tests {
    use super::super::SqliteBackend;
    use super::*;
    use crate::backend::{BackendOptions, Bucket, KvBackend, Slot};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn write_while_another_process_holds_the_lock_times_out_and_is_not_done_later() {
        let deadline = Duration::from_millis(200);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cache.db");
        let options = BackendOptions {
            deadline,
            ..BackendOptions::default()
        };
        let backend = SqliteBackend::open(&path, &options, Handle::current()).unwrap();
        let bucket = Bucket::new("user").unwrap();
        let keys = ["k".to_owned()];
        let entries = [("k".to_owned(), b"v".to_vec())];
        let other = Connection::open(&path).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();

        let start = std::time::Instant::now();
        let written = tokio::join!(
            backend.set(&bucket, &entries, None),
            backend.set(&bucket, &entries, None),
        );
        for written in [written.0, written.1] {
            assert!(matches!(written, Err(BackendError::Timeout)), "{written:?}");
        }
        assert!(start.elapsed() < 5 * deadline);
        // Readers do not wait for writers.
        assert_eq!(
            backend.get(&bucket, &keys, None).await.unwrap(),
            [Slot::Absent]
        );

        other.execute_batch("COMMIT").unwrap();
        // Whoever has the turn next sees what the two have left behind.
        assert_eq!(backend.delete(&bucket, &keys).await.unwrap(), 0);
        backend.set(&bucket, &entries, None).await.unwrap();
    }

    #[test]
    fn transact_lock_got_behind_the_deadline_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let clock = time::wall();
        let path = folder.path().join("cache.db");
        let connection = super::super::file::open(&path, SWEEP_EVERY, &clock).unwrap();
        let mut desk = Desk {
            connection,
            next_sweep: Duration::MAX,
        };

        let late = desk.transact(&clock, Instant::now(), |rows| rows.put("k", b"v", None));

        assert!(matches!(late, Err(BackendError::Timeout)), "{late:?}");
        let there = Rows::new(&desk.connection, clock()).is_there("k");
        assert!(!there.unwrap(), "it must not come later");
    }
}
