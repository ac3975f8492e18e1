//! Turns, deadlines, and writes that end after them.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex as StdMutex, mpsc};
use std::task::{Context, Poll, Waker};

use tempfile::TempDir;

use super::super::SqliteBackend;
use super::super::late::Changed;
use super::*;
use crate::backend::{BackendOptions, Bucket, Feed, FeedEvent, KvBackend, Listener, Slot};

/// How long a test waits for an expected event.
const PATIENCE: Duration = Duration::from_secs(20);

fn writer(folder: &TempDir, deadline: Duration) -> Worker {
    let path = folder.path().join("cache.db");
    let (handle, clock) = (Handle::current(), time::wall());
    Worker::open(path, Role::Writer, deadline, handle, clock).unwrap()
}

/// Records the keys of events.
#[derive(Default)]
struct Notes(StdMutex<Vec<String>>);

impl Listener for Notes {
    fn on_event(&self, event: FeedEvent<'_>) {
        if let FeedEvent::Key(key) = event {
            self.0.lock().unwrap().push(key.to_owned());
        }
    }
}

fn keys(key: &str) -> Changed {
    Changed::Keys([key.to_owned()].into())
}

/// Changes that are not published.
fn unpublished() -> LateChanges {
    LateChanges::new(None, keys("k"))
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

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
    let (before, keys) = (["b".to_owned()], ["k".to_owned()]);
    let entries = [("k".to_owned(), b"v".to_vec())];
    let first = [("b".to_owned(), b"v".to_vec())];
    backend.set(&bucket, &first, None).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();

    let written = tokio::join!(
        backend.set(&bucket, &entries, None),
        backend.set(&bucket, &entries, None),
    );
    for written in [written.0, written.1] {
        assert!(matches!(written, Err(BackendError::Timeout)), "{written:?}");
    }
    // Readers do not wait for writers.
    assert_eq!(
        backend.get(&bucket, &keys, None).await.unwrap(),
        [Slot::Absent]
    );

    other.execute_batch("COMMIT").unwrap();
    // The next call sees the state that the two have left behind.
    assert_eq!(backend.delete(&bucket, &before).await.unwrap(), 1);
    assert_eq!(backend.delete(&bucket, &keys).await.unwrap(), 0);
    backend.set(&bucket, &entries, None).await.unwrap();
}

#[tokio::test]
async fn transact_lock_acquired_after_the_deadline_is_not_used() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder, PATIENCE);
    let clock = time::wall();
    let mut desk = writer.turn.lock().await;

    let late = desk.transact(Missing::Create, &clock, Instant::now(), |rows| {
        rows.put("k", b"v", None)
    });

    assert!(matches!(late, Err(BackendError::Timeout)), "{late:?}");
    let connection = desk.connect(Missing::Leave, &clock).unwrap();
    let there = Rows::new(connection, clock()).is_there("k");
    assert!(!there.unwrap(), "it must not come later");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_that_ends_after_its_deadline_is_published_when_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder, Duration::from_millis(300));
    let feed = Arc::new(Feed::always_live());
    let notes = Arc::new(Notes::default());
    let listener: Arc<dyn Listener> = notes.clone();
    feed.subscribe(&listener);
    let published = || notes.0.lock().unwrap().clone();

    let late = LateChanges::new(Some(Arc::clone(&feed)), keys("user:in-time"));
    let put = |rows: &Rows<'_>| rows.put("user:in-time", b"v", None);
    writer.write(late, Missing::Create, put).await.unwrap();
    assert_eq!(published(), [""; 0], "its caller publishes it");

    let (begun, has_begun) = mpsc::channel();
    let (let_go, gate) = mpsc::channel::<()>();
    let late = LateChanges::new(Some(Arc::clone(&feed)), keys("user:late"));
    let written = writer.write(late, Missing::Create, move |rows| {
        begun.send(()).unwrap();
        gate.recv_timeout(PATIENCE).unwrap();
        rows.put("user:late", b"v", None)
    });
    let written = written.await;
    assert!(matches!(written, Err(BackendError::Timeout)), "{written:?}");
    has_begun
        .recv_timeout(PATIENCE)
        .expect("begin within the deadline");
    assert_eq!(published(), [""; 0], "it has not ended");

    let_go.send(()).unwrap();
    let start = std::time::Instant::now();
    while published() != ["user:late"] {
        assert!(
            start.elapsed() < PATIENCE,
            "publish the keys of a write that commits after its caller's timeout; published: {:?}",
            published()
        );
        tokio::task::yield_now().await;
    }
    let there = writer.read(|rows| rows.is_there("user:late")).await;
    assert!(there.unwrap(), "it was published after the commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queued_call_that_is_not_polled_does_not_block_others() {
    let folder = tempfile::tempdir().unwrap();
    let writer = writer(&folder, PATIENCE);
    let (let_go, gate) = mpsc::channel::<()>();
    let mut first = pin!(writer.write(unpublished(), Missing::Create, move |_| {
        gate.recv_timeout(PATIENCE).unwrap();
        Ok(())
    }));
    assert!(poll_once(first.as_mut()).is_pending());
    // It is queued, and not polled again.
    let mut kept = pin!(writer.read(|rows| rows.is_there("k")));
    assert!(poll_once(kept.as_mut()).is_pending());
    let mut third = pin!(writer.read(|rows| rows.is_there("k")));
    assert!(poll_once(third.as_mut()).is_pending());

    let_go.send(()).unwrap();
    first.await.unwrap();
    let third = third.await;
    assert!(matches!(third, Ok(false)), "{third:?}");
    let kept = kept.await;
    assert!(matches!(kept, Ok(false)), "{kept:?}");
}
