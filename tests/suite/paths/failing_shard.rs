//! Shards that fail: their entries are lost, and nothing else.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use flipcache::backend::KvBackend;
use flipcache::{COMPONENT, Client, Error, Integer, TextKeys};

use super::{client, shards};
use crate::stores::{PATIENCE, in_memory};

/// More entries than a call of a shard can write in its time.
const ENTRIES: u64 = 200_000;

/// Few enough to be written, a thousand after the other.
const FEW: u64 = 20_000;

/// Keys that are written and read while shards fail.
const HOT: u64 = 64;

type Numbers = flipcache::Blocking<Integer, TextKeys>;

fn open(client: &Client) -> Numbers {
    let cache = client.cache("n").integers().local_max(1_000_000).open();
    cache.expect("it must open").blocking()
}

/// Returns a client whose shards' calls may compute for a millisecond, or two.
fn impatient(backend: Arc<dyn KvBackend>) -> Client {
    client(
        backend,
        shards(2).component(COMPONENT, Duration::from_millis(1)),
    )
}

fn fill(cache: &Numbers) {
    for chunk in 0..FEW / 1_000 {
        let keys: Vec<_> = (chunk * 1_000..(chunk + 1) * 1_000)
            .map(|number| format!("cold-{number}"))
            .collect();
        let entries = keys.iter().map(|key| (key.as_str(), &1));
        cache.set_many(entries).expect("they must be written");
    }
}

/// Writes all keys at once until a shard has taken too long for that, and has lost what it held.
fn kill_a_shard(cache: &Numbers) {
    let start = Instant::now();
    let keys: Vec<_> = (0..ENTRIES)
        .map(|number| format!("cold-{number}"))
        .collect();
    loop {
        fill(cache);
        let before = cache.cache().stats().local_len;
        let entries = keys.iter().map(|key| (key.as_str(), &1));
        cache.set_many(entries).expect("they must be written");
        if cache.cache().stats().local_len < before {
            return;
        }
        assert!(
            start.elapsed() < PATIENCE,
            "a call beyond its deadline must be ended"
        );
    }
}

#[test]
fn shards_that_fail_under_load_return_no_wrong_value() {
    let client = impatient(in_memory().backend);
    let cache = open(&client);
    fill(&cache);
    // The last number that was acknowledged for each hot key.
    let acknowledged: Vec<_> = (0..HOT).map(|_| AtomicU64::new(0)).collect();
    let writing: Vec<_> = (0..HOT).map(|_| Mutex::new(())).collect();
    let is_over = AtomicBool::new(false);
    let reads = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..2_u64 {
            let (cache, acknowledged, writing) = (cache.clone(), &acknowledged, &writing);
            let (is_over, reads) = (&is_over, &reads);
            scope.spawn(move || {
                let mut number = thread;
                while !is_over.load(Ordering::Relaxed) {
                    number = number
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1);
                    let hot = (number >> 33) % HOT;
                    let (key, last) = (format!("hot-{hot}"), &acknowledged[hot as usize]);
                    if (number >> 20).is_multiple_of(8) {
                        let _turn = writing[hot as usize].lock().expect("nobody panics here");
                        let next = last.load(Ordering::SeqCst) + 1;
                        let value = i64::try_from(next).expect("it is small");
                        cache.set(&key, &value).expect("it must be written");
                        last.store(next, Ordering::SeqCst);
                    }
                    let at_least = last.load(Ordering::SeqCst);
                    let value = cache.get(&key).expect("it must be read");
                    let value = value.and_then(|value| u64::try_from(value).ok());
                    assert!(value.unwrap_or(0) >= at_least, "{key} is stale: {value:?}");
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        for _ in 0..3 {
            kill_a_shard(&cache);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert!(
        reads.load(Ordering::Relaxed) > 1_000,
        "there must have been a load"
    );
    for number in (0..ENTRIES).step_by(997) {
        let value = cache.get(&format!("cold-{number}"));
        assert_eq!(
            value.expect("it must be read"),
            Some(1),
            "what a shard lost is in L2"
        );
    }
}

#[test]
fn shard_that_failed_keeps_serving_all_its_caches() {
    let client = impatient(in_memory().backend);
    let other = client
        .cache("other")
        .open()
        .expect("it must open")
        .blocking();
    let cache = open(&client);
    fill(&cache);
    kill_a_shard(&cache);
    for cold in ["cold-1", "cold-2", "cold-3"] {
        cache.get(cold).expect("it must be read");
        let found = cache.get_detailed(cold).expect("it must be read");
        assert_eq!(
            (found.value, found.source),
            (Some(1), flipcache::Source::Local)
        );
    }
    other.set("k", "v").expect("it must be written");
    let found = other.get_detailed("k").expect("it must be read");
    assert_eq!(
        found.source,
        flipcache::Source::Local,
        "its other caches are open too"
    );
}

/// A clock whose thread stands still whenever it is read, as on a machine with too much to do,
/// keeps a call running for a multiple of its deadline. Were that the shard's doing, it would lose
/// the entry.
#[cfg(unix)]
#[test]
fn call_whose_thread_does_not_run_is_not_ended() {
    let deadline = Duration::from_millis(100);
    let (start, is_slow) = (Instant::now(), Arc::new(AtomicBool::new(false)));
    let clock = {
        let is_slow = is_slow.clone();
        move || {
            if is_slow.load(Ordering::Relaxed) {
                std::thread::sleep(3 * deadline);
            }
            u64::try_from(start.elapsed().as_nanos()).expect("the test is short")
        }
    };
    let shards = shards(1).component(COMPONENT, deadline).clock(clock);
    let cache = open(&client(in_memory().backend, shards));
    cache.set("k", &1).expect("it must be written");
    is_slow.store(true, Ordering::Relaxed);
    for absent in ["a", "b", "c"] {
        assert_eq!(cache.get(absent).expect("it must be read"), None);
    }
    is_slow.store(false, Ordering::Relaxed);
    let found = cache.get_detailed("k").expect("it must be read");
    assert_eq!(
        (found.value, found.source),
        (Some(1), flipcache::Source::Local)
    );
}

#[test]
fn build_of_a_file_without_a_door_is_refused() {
    let app = include_bytes!(env!("FLIPCACHE_TEST_APP_FILE"));
    for (file, why) in [
        (&app[..], "no door"),
        (b"\0asm\x0d\0\x01\0", "no core module"),
        (b"not a component", "magic"),
    ] {
        let shards = shards(1).component(file, Duration::from_secs(1));
        let client = Client::builder(in_memory().backend).shards(shards).build();
        let Err(Error::Instance(error)) = client.map(|_| ()) else {
            panic!("a file must be refused that is no cache");
        };
        let told = format!("{error:?}");
        assert!(told.contains(why), "{why:?} must be told, not {told}");
    }
}
