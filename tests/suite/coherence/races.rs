//! Thousands of keys that are read and written concurrently: afterwards, every read must return the
//! value of the server.

use std::env;
use std::sync::Arc;

use flipcache::backend::BackendOptions;
use flipcache::{Cache, Source};
use flipcache_tests::RedisServer;
use redis::AsyncConnectionConfig;
use redis::aio::MultiplexedConnection;

use super::{client_with, wait_until};
use crate::stores::{LONG, foreign};

/// How many keys each race is run over.
const KEYS: usize = 20_000;

/// How many keys one task reads, one after the other.
const KEYS_A_TASK: usize = 100;

/// How often each race is run: once, or as this variable says.
const RUNS: &str = "FLIPCACHE_RACE_RUNS";

fn runs() -> usize {
    let runs = env::var(RUNS).ok().map(|runs| runs.parse());
    runs.map_or(1, |runs| {
        runs.expect("FLIPCACHE_RACE_RUNS must be a number")
    })
}

/// The concurrent operations on a key: of the cache, and of another client.
#[derive(Clone, Copy)]
enum Race {
    ReadAgainstWrite,
    WriteAgainstWrite,
}

async fn run(race: Race) {
    for _ in 0..runs() {
        let server = RedisServer::start();
        let options = BackendOptions {
            deadline: LONG,
            ..BackendOptions::default()
        };
        let cache = client_with(&server, &options)
            .cache("race")
            .local_max(2 * u32::try_from(KEYS).expect("it is small"));
        let cache = cache.open().expect("the options are valid");
        let keys: Arc<[String]> = (0..KEYS).map(|number| number.to_string()).collect();
        write_all(connection(&server).await, keys.clone(), "before").await;

        let foreign_writes = tokio::spawn(write_all(
            connection(&server).await,
            keys.clone(),
            "foreign",
        ));
        let ours = (0..KEYS).step_by(KEYS_A_TASK).map(|first| {
            let (cache, keys) = (cache.clone(), keys.clone());
            tokio::spawn(async move {
                for key in &keys[first..first + KEYS_A_TASK] {
                    act(race, &cache, key).await;
                }
            })
        });
        for task in ours.collect::<Vec<_>>() {
            task.await.expect("no call may fail");
        }
        foreign_writes.await.expect("no write may fail");

        assert_quiet_and_right(&server, &cache, &keys).await;
    }
}

async fn act(race: Race, cache: &Cache, key: &str) {
    match race {
        Race::ReadAgainstWrite => {
            cache.get(key).await.expect("the server must reply");
        }
        Race::WriteAgainstWrite => cache
            .set(key, "own")
            .await
            .expect("the server must take it"),
    }
}

async fn connection(server: &RedisServer) -> MultiplexedConnection {
    let client = redis::Client::open(server.url()).expect("the server's URL must be valid");
    // The default of half a second may be too short on a busy machine.
    let patient = AsyncConnectionConfig::new()
        .set_connection_timeout(None)
        .set_response_timeout(None);
    let connection = client
        .get_multiplexed_async_connection_with_config(&patient)
        .await;
    connection.expect("the server must be up")
}

/// Writes a value to all keys, some at a time.
async fn write_all(mut connection: MultiplexedConnection, keys: Arc<[String]>, value: &str) {
    for keys in keys.chunks(50) {
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.set(format!("race:{key}"), value).ignore();
        }
        let written: Result<(), _> = pipeline.query_async(&mut connection).await;
        written.expect("the server must take it");
    }
}

/// Waits until all invalidations have arrived, and compares.
async fn assert_quiet_and_right(server: &RedisServer, cache: &Cache, keys: &[String]) {
    wait_until(cache, "sentinel", None).await;
    let _: () = foreign(server, &["SET", "race:sentinel", "seen"]);
    wait_until(cache, "sentinel", Some("seen")).await;

    let mut connection = connection(server).await;
    let (mut stale, mut kept) = (Vec::new(), 0);
    for keys in keys.chunks(1_000) {
        let mut pipeline = redis::pipe();
        for key in keys {
            pipeline.get(format!("race:{key}"));
        }
        let truth: Result<Vec<String>, _> = pipeline.query_async(&mut connection).await;
        for (key, truth) in keys.iter().zip(truth.expect("the server must reply")) {
            let found = cache
                .get_detailed(key)
                .await
                .expect("the server must reply");
            kept += usize::from(found.source == Source::Local);
            if found.value.as_deref() != Some(&*truth) {
                stale.push((key, truth, found));
            }
        }
    }
    assert!(
        stale.is_empty(),
        "{} of {} keys are stale, and nothing will mend them; the first: {:?}",
        stale.len(),
        keys.len(),
        stale[0]
    );
    assert!(kept > 0, "a cache that keeps nothing proves nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_racing_with_external_writes_leave_nothing_stale() {
    run(Race::ReadAgainstWrite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_racing_with_external_writes_leave_nothing_stale() {
    run(Race::WriteAgainstWrite).await;
}
