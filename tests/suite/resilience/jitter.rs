//! TTL jitter: entries that do not expire together.

use std::collections::BTreeSet;
use std::time::Duration;

use flipcache::{Cache, Expiry, Resilience};

use super::World;

const TTL: Duration = Duration::from_secs(1_000);

fn jittering(world: &World) -> Cache {
    let resilience = Resilience {
        ttl_jitter_percent: 20,
        ..Resilience::default()
    };
    let cache = world.cache().ttl(TTL).resilience(resilience);
    cache.open().expect("the options are valid")
}

/// Returns the remaining TTLs of keys, as L2 reports them.
async fn lives(cache: &Cache, keys: impl IntoIterator<Item = usize>) -> BTreeSet<Duration> {
    cache.local().clear();
    let mut lives = BTreeSet::new();
    for key in keys {
        match cache.ttl(&key.to_string()).await {
            Ok(Some(Expiry::After(left))) => lives.insert(left),
            other => panic!("{key} must be there for a time, not {other:?}"),
        };
    }
    lives
}

fn are_shortened(lives: &BTreeSet<Duration>) -> bool {
    lives.iter().all(|left| (TTL * 4 / 5..=TTL).contains(left))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_one_by_one_expires_at_different_times_within_the_jitter() {
    let world = World::new();
    let cache = jittering(&world);
    for key in 0..50 {
        let set = cache.set(&key.to_string(), "v").await;
        set.expect("it must be written");
    }
    let lives = lives(&cache, 0..50).await;
    assert!(are_shortened(&lives), "{lives:?}");
    assert!(lives.len() > 40, "{lives:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn set_many_expires_in_groups() {
    let world = World::new();
    let cache = jittering(&world);
    let keys: Vec<String> = (0..1_000).map(|key: usize| key.to_string()).collect();
    let entries = keys.iter().map(|key| (key.as_str(), "v"));
    cache.set_many(entries).await.expect("all must be written");
    assert_eq!(world.faulty.calls(), ["set"; 8]);
    let lives = lives(&cache, 0..1_000).await;
    assert!(are_shortened(&lives), "{lives:?}");
    assert_eq!(lives.len(), 8, "{lives:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn local_tier_and_l2_expire_an_entry_at_the_same_time() {
    let world = World::new();
    let cache = jittering(&world);
    cache.set("0", "v").await.expect("it must be written");
    let local = cache.ttl("0").await.expect("it is there");
    assert_eq!(world.faulty.calls(), ["set"], "the local tier has it");
    let Some(Expiry::After(local)) = local else {
        panic!("it must live for a time, not {local:?}");
    };
    let backend = lives(&cache, [0]).await;
    let apart = backend.first().expect("one life").abs_diff(local);
    assert!(apart < Duration::from_millis(1), "{apart:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_without_a_ttl_get_none_from_jitter() {
    let world = World::new();
    let cache = jittering(&world);
    cache
        .set_with("k", "v", Expiry::Never)
        .await
        .expect("it must be written");
    assert_eq!(
        cache.ttl("k").await.expect("it is there"),
        Some(Expiry::Never)
    );
}
