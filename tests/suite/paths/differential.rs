//! Random operations, one after the other, by the door, by the typed exports and in process: all
//! answers, their sources, the order of the local tiers and the counters must be the same.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use flipcache::component::Cache;
use flipcache::{
    Eviction, Expiry, KeyType, Options, Resilience, Stats, Value, ValueCache, ValueType,
};
use pollster::block_on;
use proptest::prelude::*;

use super::{client, shards};
use crate::component::world::FakeClock;
use crate::faulty_backend::{Fault, FaultyBackend};

/// Caches that share keys: `n:1` is key `1` of one and no key of the others.
const NAMES: [&str; 3] = ["n", "n:m", "other"];

const KEYS: [&str; 6] = ["1", "2", "3", "m:1", "m:2", "not a number"];

#[derive(Clone, Debug)]
enum Step {
    Get(usize),
    GetMany(Vec<usize>),
    Set(usize, i64, Option<u64>),
    SetMany(Vec<(usize, i64)>),
    SetIfAbsent(usize, i64),
    Increment(usize, i64),
    Delete(Vec<usize>),
    Contains(usize),
    Refresh(usize),
    Ttl(usize),
    LocalGet(usize),
    LocalClear,
    Len,
    Clear,
    Advance(u64),
    /// From now on L2 is out of reach, or is not.
    Outage(bool),
}

fn step() -> impl Strategy<Value = Step> {
    let key = || 0..KEYS.len();
    // Each once: those who share a question count as one miss.
    let keys = || proptest::sample::subsequence((0..KEYS.len()).collect::<Vec<_>>(), 0..5);
    let number = || prop_oneof![0..5_i64, Just(i64::MAX)];
    prop_oneof![
        6 => key().prop_map(Step::Get),
        2 => keys().prop_map(Step::GetMany),
        4 => (key(), number(), proptest::option::of(0..50_u64)).prop_map(|(k, n, t)| Step::Set(k, n, t)),
        2 => proptest::collection::vec((key(), number()), 0..5).prop_map(Step::SetMany),
        1 => (key(), number()).prop_map(|(k, n)| Step::SetIfAbsent(k, n)),
        1 => (key(), number()).prop_map(|(k, n)| Step::Increment(k, n)),
        1 => keys().prop_map(Step::Delete),
        1 => key().prop_map(Step::Contains),
        1 => key().prop_map(Step::Refresh),
        1 => key().prop_map(Step::Ttl),
        1 => key().prop_map(Step::LocalGet),
        1 => Just(Step::LocalClear),
        1 => Just(Step::Len),
        1 => Just(Step::Clear),
        2 => (1..60_u64).prop_map(Step::Advance),
        1 => any::<bool>().prop_map(Step::Outage),
    ]
}

/// Formats a result, errors as text.
fn told<T: Debug>(answer: Result<T, flipcache::Error>) -> String {
    answer.map_or_else(|error| format!("error: {error}"), |it| format!("{it:?}"))
}

/// One path's caches.
trait Path {
    fn take(&self, cache: usize, step: &Step, value_type: ValueType) -> String;
    fn local(&self, cache: usize) -> (Vec<String>, Stats);
}

fn value(number: i64, value_type: ValueType) -> Value {
    match value_type {
        ValueType::Integer => Value::Integer(number),
        _ => Value::Text(number.to_string()),
    }
}

fn expiry(ttl_ms: Option<u64>) -> Expiry {
    ttl_ms.map_or(Expiry::Inherit, |ms| {
        Expiry::After(Duration::from_millis(ms))
    })
}

impl Path for Vec<ValueCache> {
    fn take(&self, cache: usize, step: &Step, value_type: ValueType) -> String {
        let cache = &self[cache];
        let value = |number: &i64| value(*number, value_type);
        block_on(async {
            match step {
                Step::Get(key) => told(cache.get(KEYS[*key]).await),
                Step::GetMany(keys) => {
                    let keys: Vec<_> = keys.iter().map(|key| KEYS[*key]).collect();
                    told(cache.get_many(&keys).await)
                }
                Step::Set(key, number, ttl) => {
                    told(cache.set(KEYS[*key], &value(number), expiry(*ttl)).await)
                }
                Step::SetMany(entries) => {
                    let values: Vec<_> = entries.iter().map(|(_, number)| value(number)).collect();
                    let keys = entries.iter().map(|(key, _)| KEYS[*key]);
                    told(cache.set_many(keys.zip(&values), Expiry::Inherit).await)
                }
                Step::SetIfAbsent(key, number) => {
                    let value = value(number);
                    told(
                        cache
                            .set_if_absent(KEYS[*key], &value, Expiry::Inherit)
                            .await,
                    )
                }
                Step::Increment(key, delta) => told(cache.increment(KEYS[*key], *delta).await),
                Step::Delete(keys) => {
                    let keys: Vec<_> = keys.iter().map(|key| KEYS[*key]).collect();
                    told(cache.delete(&keys).await)
                }
                Step::Contains(key) => told(cache.contains(KEYS[*key]).await),
                Step::Refresh(key) => told(cache.refresh(KEYS[*key]).await),
                Step::Ttl(key) => told(cache.ttl(KEYS[*key]).await),
                Step::LocalGet(key) => told(Ok(cache.local_get(KEYS[*key]))),
                Step::LocalClear => {
                    cache.local_clear();
                    told(Ok(()))
                }
                Step::Len => told(cache.len().await),
                Step::Clear => told(cache.clear().await),
                Step::Advance(_) | Step::Outage(_) => String::new(),
            }
        })
    }

    fn local(&self, cache: usize) -> (Vec<String>, Stats) {
        (self[cache].local_keys(), self[cache].stats())
    }
}

impl Path for Vec<Cache> {
    fn take(&self, cache: usize, step: &Step, value_type: ValueType) -> String {
        let cache = &self[cache];
        let value = |number: &i64| value(*number, value_type);
        let names = |keys: &[usize]| -> Vec<String> {
            keys.iter().map(|key| KEYS[*key].to_owned()).collect()
        };
        match step {
            Step::Get(key) => told(cache.get(KEYS[*key])),
            Step::GetMany(keys) => told(cache.get_many(&names(keys))),
            Step::Set(key, number, ttl) => told(cache.set(KEYS[*key], value(number), expiry(*ttl))),
            Step::SetMany(entries) => {
                let entries = entries.iter();
                let entries = entries.map(|(key, number)| (KEYS[*key].to_owned(), value(number)));
                told(cache.set_many(entries, Expiry::Inherit))
            }
            Step::SetIfAbsent(key, number) => {
                told(cache.set_if_absent(KEYS[*key], value(number), Expiry::Inherit))
            }
            Step::Increment(key, delta) => told(cache.increment(KEYS[*key], *delta)),
            Step::Delete(keys) => told(cache.delete(&names(keys))),
            Step::Contains(key) => told(cache.contains(KEYS[*key])),
            Step::Refresh(key) => told(cache.refresh(KEYS[*key])),
            Step::Ttl(key) => told(cache.ttl(KEYS[*key])),
            Step::LocalGet(key) => told(cache.local_get(KEYS[*key])),
            Step::LocalClear => told(cache.local_clear()),
            Step::Len => told(cache.len()),
            Step::Clear => told(cache.clear()),
            Step::Advance(_) | Step::Outage(_) => String::new(),
        }
    }

    fn local(&self, cache: usize) -> (Vec<String>, Stats) {
        let keys = self[cache].local_keys().expect("it must not fail");
        (keys, self[cache].stats().expect("it must not fail"))
    }
}

/// The paths to caches that are alike, each over a store of its own, by one clock.
struct World {
    clock: FakeClock,
    stores: [Arc<FaultyBackend>; 3],
    paths: [(&'static str, Box<dyn Path>); 3],
    is_down: bool,
    /// Those whose lives are extended are asked for apart, at the same time: which settles first,
    /// and so what is evicted, is not fixed.
    prolongs: bool,
}

impl World {
    fn new(options: &Options, resilience: Resilience) -> Self {
        let clock = FakeClock::default();
        let stores = [(); 3].map(|()| FaultyBackend::over(clock.backend()));
        Self {
            paths: paths(&clock, &stores, options, resilience),
            clock,
            stores,
            is_down: false,
            prolongs: options.refresh_ttl_on_get,
        }
    }

    /// What a step is for all paths. Of many keys, some may be asked for before one fails: how many
    /// is each path's own.
    fn prepare(&mut self, step: &Step) -> Step {
        match step {
            Step::Advance(millis) => self.clock.advance(Duration::from_millis(*millis)),
            Step::Outage(is_down) => {
                self.is_down = *is_down;
                let fault = if *is_down { Fault::Down } else { Fault::Off };
                self.stores.iter().for_each(|store| store.set_fault(fault));
            }
            Step::GetMany(keys) if self.is_down || self.prolongs => {
                return keys.first().map_or(Step::Len, |key| Step::Get(*key));
            }
            _ => {}
        }
        step.clone()
    }

    /// Takes the steps by every path, and compares all that can be seen after each.
    fn take_all(
        &mut self,
        steps: &[(usize, Step)],
        value_type: ValueType,
    ) -> Result<(), TestCaseError> {
        for (number, (cache, step)) in steps.iter().enumerate() {
            let step = self.prepare(step);
            let [(_, reference), others @ ..] = &self.paths;
            let expected = reference.take(*cache, &step, value_type);
            for (path, other) in others {
                let answer = other.take(*cache, &step, value_type);
                prop_assert_eq!(&answer, &expected, "step {} {}: {:?}", number, path, step);
                for (cache, name) in NAMES.iter().enumerate() {
                    prop_assert_eq!(
                        other.local(cache),
                        reference.local(cache),
                        "local tier of {} after step {} {}: {:?}",
                        name,
                        number,
                        path,
                        step
                    );
                }
            }
        }
        Ok(())
    }
}

fn paths(
    clock: &FakeClock,
    stores: &[Arc<FaultyBackend>; 3],
    options: &Options,
    resilience: Resilience,
) -> [(&'static str, Box<dyn Path>); 3] {
    let [for_exports, for_door, for_process] = stores.clone();
    let over_client = |store, shards| -> Box<dyn Path> {
        let client = client(store, clock.shards(shards));
        let open = |name| client.open_with(name, options.clone(), resilience);
        let caches = NAMES.map(|name| open(name).expect("the options are valid"));
        Box::new(Vec::from(caches))
    };
    let instance = clock.instance(for_exports);
    let open = |name| instance.open_with(name, options.clone(), resilience);
    let exports = NAMES.map(|name| open(name).expect("the options are valid"));
    [
        ("by the typed exports", Box::new(Vec::from(exports))),
        ("by the door", over_client(for_door, shards(3))),
        (
            "in process",
            over_client(for_process, shards(3).in_process()),
        ),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_steps_by_any_path_have_the_same_answers(
        lru in any::<bool>(),
        local_max in 0..4_u32,
        ttl in proptest::option::of(20..60_u64),
        refresh_ttl_on_get in any::<bool>(),
        integers in any::<bool>(),
        has_default in any::<bool>(),
        store_default in any::<bool>(),
        stale_on_error in prop_oneof![Just(0), 10..80_u64],
        absent_ttl in prop_oneof![Just(0), 10..80_u64],
        steps in proptest::collection::vec((0..NAMES.len(), step()), 1..60),
    ) {
        let value_type = if integers { ValueType::Integer } else { ValueType::Text };
        let options = Options {
            local_max,
            eviction: if lru { Eviction::Lru } else { Eviction::Fifo },
            ttl: ttl.map(Duration::from_millis),
            refresh_ttl_on_get,
            value_type,
            key_type: if integers { KeyType::Integer } else { KeyType::Text },
            default: has_default.then(|| value(7, value_type)),
            store_default: store_default && has_default,
            ..Options::default()
        };
        let resilience = Resilience {
            stale_on_error: Duration::from_millis(stale_on_error),
            absent_ttl: Duration::from_millis(absent_ttl),
            ..Resilience::default()
        };
        World::new(&options, resilience).take_all(&steps, value_type)?;
    }
}

/// Each cache of these has a shard of its own at the door and in process, and one key is a key of
/// two.
#[test]
fn get_absent_key_of_two_caches_by_any_engine_removes_the_entry_of_the_other() {
    let steps = [
        (1, Step::Set(1, 0, Some(1))),
        (0, Step::Advance(1)),
        (0, Step::Get(4)),
    ];
    let options = Options {
        local_max: 1,
        ..Options::default()
    };
    let mut world = World::new(&options, Resilience::default());
    if let Err(error) = world.take_all(&steps, ValueType::Text) {
        panic!("the paths differ: {error}");
    }
}
