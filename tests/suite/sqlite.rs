//! The store in a file: shared, expiring by the clock, recognised.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use flipcache::backend::sqlite::{FileError, SqliteBackend};
use flipcache::backend::{BackendOptions, Clock, KvBackend, Slot};
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
async fn two_backends_on_one_file_see_each_others_writes() {
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
async fn open_many_at_once_on_a_new_file_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cache.db");
    let barrier = Barrier::new(8);
    let handle = Handle::current();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                barrier.wait();
                SqliteBackend::open(&path, &options(), handle.clone()).unwrap();
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
async fn write_whose_caller_goes_away_is_finished() {
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
async fn open_missing_directories_are_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("one/two/cache.db");
    open(&path);
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
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn open_file_that_is_no_database_is_refused_and_left_alone() {
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
