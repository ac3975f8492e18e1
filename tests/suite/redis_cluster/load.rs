//! Load of reads and writes during a change of the cluster.
//!
//! Each key has one writer here, so that what it holds is known up to the writes whose outcome is
//! not.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flipcache::Source;
use flipcache_tests::RedisCluster;
use tokio::task::JoinSet;

use super::{Counters, truth};
use crate::stores::PATIENCE;

/// How much longer than its deadline a call may take on a busy machine.
const SLACK: Duration = Duration::from_secs(1);

/// Writers, one for each key.
pub(super) struct Load {
    end: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
    writers: JoinSet<Writer>,
}

/// What a writer knows of its key.
pub(super) struct Writer {
    pub(super) key: String,
    /// Increments that were acknowledged.
    pub(super) acknowledged: i64,
    /// Increments that failed: they may have happened.
    pub(super) unknown: i64,
}

impl Load {
    /// Begins to count in each key, and to read it.
    pub(super) fn begin(cache: &Counters, keys: Vec<String>, deadline: Duration) -> Self {
        let end = Arc::new(AtomicBool::new(false));
        let done = Arc::new(AtomicUsize::new(0));
        let mut writers = JoinSet::new();
        for key in keys {
            let (cache, end, done) = (cache.clone(), end.clone(), done.clone());
            writers.spawn(async move {
                let mut writer = Writer {
                    key,
                    acknowledged: 0,
                    unknown: 0,
                };
                while !end.load(Ordering::Relaxed) {
                    writer.step(&cache, deadline).await;
                    done.fetch_add(1, Ordering::Relaxed);
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                writer
            });
        }
        Self { end, done, writers }
    }

    /// Waits until so many more steps have been taken.
    pub(super) async fn go_on(&self, steps: usize) {
        let (start, before) = (Instant::now(), self.done.load(Ordering::Relaxed));
        while self.done.load(Ordering::Relaxed) < before + steps {
            assert!(start.elapsed() < PATIENCE, "the load must go on");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    pub(super) async fn end(self) -> Vec<Writer> {
        self.end.store(true, Ordering::Relaxed);
        self.writers.join_all().await
    }
}

impl Writer {
    /// One increment, and reads of what came of it.
    async fn step(&mut self, cache: &Counters, deadline: Duration) {
        let start = Instant::now();
        let sum = cache.increment(&self.key, 1).await;
        let took = start.elapsed();
        assert!(took < deadline + SLACK, "a write took {took:?}");
        match sum {
            Ok(sum) => {
                self.acknowledged += 1;
                self.check(sum);
            }
            Err(_) => self.unknown += 1,
        }
        for _ in 0..2 {
            let start = Instant::now();
            let held = cache.get(&self.key).await;
            let took = start.elapsed();
            assert!(took < deadline + SLACK, "a read took {took:?}");
            if let Ok(Some(held)) = held {
                self.check(held);
            }
        }
    }

    /// No write is made twice.
    fn check(&self, held: i64) {
        let most = self.acknowledged + self.unknown;
        assert!(
            held <= most,
            "{} was counted {most} times at most, and holds {held}",
            self.key
        );
    }
}

/// Waits until all is heard again, and compares each key with what its master holds.
pub(super) async fn assert_quiet_and_right(
    cluster: &RedisCluster,
    cache: &Counters,
    writers: &[Writer],
) {
    let start = Instant::now();
    for writer in writers {
        // It fails as long as the cluster has no master for it.
        while cache.get(&writer.key).await.is_err() {
            assert!(start.elapsed() < PATIENCE, "it must work again");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
    wait_until_kept(cache, &writers[0].key).await;
    let mut kept = 0;
    for _ in 0..2 {
        for writer in writers {
            let key = &writer.key;
            let found = cache.get_detailed(key).await.expect("it works again");
            kept += usize::from(found.source == Source::Local);
            let held = truth(cluster, &format!("count:{key}"));
            let held: Option<i64> = held.map(|held| held.parse().expect("it is a number"));
            assert_eq!(found.value, held, "{key}, {:?}", found.source);
            writer.check(held.unwrap_or(0));
        }
    }
    assert!(
        kept >= writers.len(),
        "a cache that keeps nothing proves nothing"
    );
}

async fn wait_until_kept(cache: &Counters, key: &str) {
    let start = Instant::now();
    loop {
        let found = cache.get_detailed(key).await;
        if matches!(&found, Ok(found) if found.source == Source::Local) {
            return;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "answers must be kept again; the last was {found:?}"
        );
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
