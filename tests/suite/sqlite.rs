//! The store in a file: shared, expiring by the clock, recognised.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use flipcache::backend::sqlite::{FileError, SqliteBackend};
use flipcache::backend::{BackendError, BackendOptions, Clock, KvBackend, Slot};
use flipcache::{Client, Error};
use tokio::runtime::Handle;

use crate::stores::{PATIENCE, bucket, get, keys, lasting, list, pairs, set};

const MINUTE: Duration = Duration::from_secs(60);
const DEADLINE: Duration = Duration::from_secs(5);

fn options() -> BackendOptions {
    BackendOptions {
        deadline: DEADLINE,
        ..BackendOptions::default()
    }
}

/// A clock that stands still until it is set.
#[derive(Clone, Default)]
struct FakeClock(Arc<AtomicU64>);

impl FakeClock {
    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }

    fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Arc::new(move || Duration::from_secs(seconds.load(Ordering::SeqCst)))
    }
}

fn open(path: &Path) -> SqliteBackend {
    SqliteBackend::open(path, &options(), Handle::current()).unwrap()
}

fn open_at(path: &Path, clock: &FakeClock) -> SqliteBackend {
    SqliteBackend::open_with_clock(path, &options(), Handle::current(), clock.clock()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_backends_on_one_file_read_each_others_writes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let (one, two) = (open(&path), open(&path));
    let user = bucket("user");

    for n in 0..50 {
        set(&one, &user, "k", &n.to_string(), None).await.unwrap();
        assert_eq!(get(&two, &user, "k").await, lasting(&n.to_string()));
    }
    two.delete(&user, &keys(["k"])).await.unwrap();
    assert_eq!(get(&one, &user, "k").await, Slot::Absent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_backends_on_one_file_count_and_claim_atomically() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let backends = [Arc::new(open(&path)), Arc::new(open(&path))];

    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..200 {
        let backend = Arc::clone(&backends[n % 2]);
        tasks.spawn(async move {
            let user = bucket("user");
            let sum = backend.increment(&user, "n", 1, None).await.unwrap();
            let claim = pairs([("claim", &n.to_string())]);
            let answers = backend.set_if_absent(&user, &claim, None).await.unwrap();
            (sum, answers == [None])
        });
    }
    let (mut sums, won): (Vec<i64>, Vec<bool>) = tasks.join_all().await.into_iter().unzip();

    sums.sort_unstable();
    assert_eq!(sums, (1..=200).collect::<Vec<_>>());
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_by_many_at_once_on_a_new_file_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let (barrier, user) = (Barrier::new(8), bucket("user"));
    let handle = Handle::current();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                let backend = SqliteBackend::open(&path, &options(), handle.clone()).unwrap();
                let written = set(&backend, &user, "k", "v", None);
                handle.block_on(written).unwrap();
            });
        }
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reopen_file_holds_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let user = bucket("user");
    let before = open(&path);
    set(&before, &user, "k", "v", None).await.unwrap();
    drop(before);
    assert_eq!(get(&open(&path), &user, "k").await, lasting("v"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expiry_is_exact_to_the_second_of_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeClock::default();
    clock.set(1_000_000);
    let backend = open_at(&folder.path().join("cache.db"), &clock);
    let user = bucket("user");
    set(&backend, &user, "k", "v", Some(MINUTE)).await.unwrap();

    clock.set(1_000_059);
    let Slot::Entry(entry) = get(&backend, &user, "k").await else {
        panic!("a second is left");
    };
    assert_eq!(entry.ttl, Some(Duration::from_secs(1)));

    clock.set(1_000_060);
    assert_eq!(get(&backend, &user, "k").await, Slot::Absent);
    assert_eq!(backend.count(&user).await.unwrap(), 0);
    assert_eq!(list(&backend, &user, 10).await, [""; 0]);
}

/// The clock is set back to tell what is hidden from what is gone: a row that is still in the file
/// is seen again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_rows_are_gone_from_the_file_a_minute_later() {
    let folder = tempfile::tempdir().unwrap();
    let clock = FakeClock::default();
    clock.set(1_000);
    let backend = open_at(&folder.path().join("cache.db"), &clock);
    let user = bucket("user");
    let entries: Vec<_> = (0..2_500).map(|n| (n.to_string(), vec![])).collect();
    backend
        .set(&user, &entries, Some(Duration::from_secs(10)))
        .await
        .unwrap();
    let left_in_file = async || {
        clock.set(1_000);
        backend.count(&user).await.unwrap()
    };

    clock.set(1_030);
    set(&backend, &bucket("other"), "k", "v", None)
        .await
        .unwrap();
    assert_eq!(left_in_file().await, 2_500, "sweep at most once a minute");

    for expected in [1_500, 500, 0] {
        clock.set(1_061);
        set(&backend, &bucket("other"), "k", "v", None)
            .await
            .unwrap();
        let left = left_in_file().await;
        assert_eq!(
            left, expected,
            "sweep 1,000 rows at a time until none is left over"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn expired_rows_are_removed_when_the_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let clock = FakeClock::default();
    let user = bucket("user");
    let before = open_at(&path, &clock);
    set(&before, &user, "short", "v", Some(MINUTE))
        .await
        .unwrap();
    set(&before, &user, "long", "v", Some(MINUTE * 10))
        .await
        .unwrap();
    drop(before);

    clock.set(61);
    let after = open_at(&path, &clock);
    clock.set(0);

    assert_eq!(list(&after, &user, 10).await, ["long"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_whose_future_is_dropped_completes() {
    let folder = tempfile::tempdir().unwrap();
    let backend = open(&folder.path().join("cache.db"));
    let user = bucket("user");
    // `biased` polls the write once, which begins it, and then drops it.
    tokio::select! {
        biased;
        _ = set(&backend, &user, "k", "v", None) => {}
        () = std::future::ready(()) => {}
    }
    let start = Instant::now();
    while get(&backend, &user, "k").await == Slot::Absent {
        assert!(start.elapsed() < PATIENCE, "finish a write that has begun");
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn read_of_a_missing_file_creates_nothing_and_the_first_write_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one/two/cache.db");
    let backend = open(&path);
    let (user, names) = (bucket("user"), keys(["k"]));
    assert_eq!(get(&backend, &user, "k").await, Slot::Absent);
    assert_eq!(backend.count(&user).await.unwrap(), 0);
    assert_eq!(backend.delete(&user, &names).await.unwrap(), 0);
    assert_eq!(backend.clear(&user).await.unwrap(), 0);
    let lived = backend.expire(&user, &names, Some(MINUTE)).await;
    assert_eq!(lived.unwrap(), [false]);
    let written = backend.set_if_present(&user, "k", b"v", None).await;
    assert!(!written.unwrap());
    backend.subscribe(&user).await.unwrap();
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was there to write"
    );

    set(&backend, &user, "k", "v", None).await.unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("one"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o700, "for the user alone");
    }
    assert!(path.exists());
    assert_eq!(get(&backend, &user, "k").await, lasting("v"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn file_that_another_program_creates_is_read_and_watched() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let (one, user) = (open(&path), bucket("user"));
    one.subscribe(&user).await.unwrap();
    assert_eq!(get(&one, &user, "k").await, Slot::Absent);
    let feed = one.feed().unwrap();
    let epoch = feed.epoch();

    set(&open(&path), &user, "k", "v", None).await.unwrap();
    assert_eq!(get(&one, &user, "k").await, lasting("v"));
    let start = Instant::now();
    while feed.epoch() == epoch {
        assert!(
            start.elapsed() < PATIENCE,
            "say that anything may have changed"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn drop_checkpoints_the_log_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let (user, client) = (bucket("user"), client(&path, DEADLINE));
    let cache = client.cache("user").open().unwrap();
    cache.set("k", "v").await.unwrap();
    assert!(folder.path().join("cache.db-wal").exists(), "it is in use");
    drop((cache, client));
    assert!(
        !folder.path().join("cache.db-wal").exists(),
        "the last connection leaves no log"
    );

    // Beside another connection the log stays, and a copy of the file alone is up to date.
    let other = open(&path);
    let backend = open(&path);
    set(&backend, &user, "k", "new", None).await.unwrap();
    drop(backend);
    let copy = folder.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    assert_eq!(get(&open(&copy), &user, "k").await, lasting("new"));
    drop(other);
}

/// A client with a file of its own, which goes on answering from its local tier while the file is
/// busy.
fn client(path: &Path, deadline: Duration) -> Client {
    let options = BackendOptions {
        deadline,
        staleness_bound: MINUTE,
        ..BackendOptions::default()
    };
    let backend = SqliteBackend::open(path, &options, Handle::current()).unwrap();
    let client = Client::builder(Arc::new(backend));
    client.runtime(Handle::current()).build().unwrap()
}

/// The write takes long: a trigger of the file counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn write_that_commits_after_its_timeout_is_seen_by_concurrent_readers() {
    const SLOW: &str = "CREATE TRIGGER slow AFTER UPDATE ON entries BEGIN
        SELECT count(*) FROM (WITH RECURSIVE number(n) AS
            (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < 20000000)
            SELECT n FROM number);
        END";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let before = client(&path, DEADLINE);
    let cache = before.cache("user").open().unwrap();
    cache.set("k", "old").await.unwrap();
    drop((cache, before));
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch(SLOW).unwrap();

    let client = client(&path, Duration::from_millis(300));
    let cache = client.cache("user").open().unwrap();
    assert_eq!(cache.get("k").await.unwrap().as_deref(), Some("old"));
    let written = cache.set("k", "new").await;
    assert!(
        matches!(written, Err(Error::Backend(BackendError::Timeout))),
        "make the trigger slower: {written:?}"
    );
    assert_eq!(
        cache.get("k").await.unwrap().as_deref(),
        Some("old"),
        "make the trigger slower: the write has ended"
    );

    let committed = || {
        other.query_row(
            "SELECT value = CAST('new' AS BLOB) FROM entries WHERE key = 'user:k'",
            (),
            |row| row.get::<_, bool>(0),
        )
    };
    let start = Instant::now();
    while !committed().unwrap() {
        assert!(
            start.elapsed() < 10 * PATIENCE,
            "the write goes on to its end"
        );
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let start = Instant::now();
    while cache.get("k").await.unwrap().as_deref() != Some("new") {
        assert!(
            start.elapsed() < PATIENCE,
            "the local tier must be told what the file holds"
        );
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn get_that_is_polled_once_does_not_block_other_caches() {
    let folder = tempfile::tempdir().unwrap();
    let client = client(&folder.path().join("cache.db"), DEADLINE);
    let (one, other) = (client.cache("one"), client.cache("other"));
    let (one, other) = (one.open().unwrap(), other.open().unwrap());
    // The first call begins to listen to the file.
    let mut kept = std::pin::pin!(one.get("k"));
    assert!(futures_util::poll!(kept.as_mut()).is_pending());

    for _ in 0..3 {
        let read = tokio::time::timeout(3 * DEADLINE, other.get("k")).await;
        let read = read.expect("a caller that is not polled must not hold a lock");
        assert_eq!(read.unwrap(), None);
    }
    assert_eq!(kept.await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_file_that_is_not_a_database_is_refused_and_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let text = "Not a database, but longer than the header of one. ".repeat(10);
    fs::write(&path, &text).unwrap();

    let error = SqliteBackend::open(&path, &options(), Handle::current()).err();

    assert!(
        matches!(error, Some(FileError::NotADatabase(_))),
        "{error:?}"
    );
    assert!(error.unwrap().to_string().contains("notes.txt"));
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    let directory = SqliteBackend::open(folder.path(), &options(), Handle::current()).err();
    assert!(
        matches!(directory, Some(FileError::Open { .. })),
        "{directory:?}"
    );
}
