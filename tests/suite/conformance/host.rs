//! Hosts of the component as the cases see them: a way to it, over a store.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use flipcache::Client;
use flipcache::backend::{Bucket, Entry, KvBackend, Slot};
use flipcache::component::Instance;
use flipcache_tests::RedisServer;
use pollster::block_on;

use super::case::Need;
use super::path::Path;
use super::seen::Seen;
use crate::component::world::FakeClock;
use crate::paths::shards;
use crate::stores::connect;

/// An instance over a store that is empty, for one case.
pub(crate) struct World {
    // Dropped in this order.
    pub(crate) path: Box<dyn Path>,
    /// What it has of what cases need.
    pub(crate) has: Vec<Need>,
    /// What arrives at `kv-backend`, where that can be seen or made to fail.
    pub(crate) seen: Option<Arc<Seen>>,
    /// Whether the calls that are seen are the component's own.
    pub(crate) shows_calls: bool,
    pub(crate) beside: Option<Box<dyn Beside>>,
    /// Moves all clocks.
    pub(crate) wait: Option<Box<dyn Fn(Duration)>>,
    pub(crate) _keep: Box<dyn Any>,
}

/// A store that is empty, and what can be done with it.
pub(crate) struct Store {
    backend: Arc<dyn KvBackend>,
    beside: Box<dyn Beside>,
    /// Its own, if it is not the world's.
    clock: Option<FakeClock>,
    has: Vec<Need>,
    keep: Box<dyn Any>,
}

/// What others do with a store. Keys are complete.
pub(crate) trait Beside {
    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>);
    fn delete(&self, key: &str);
    fn get(&self, key: &str) -> Option<Vec<u8>>;
    /// Puts something there that is no plain string.
    fn spoil(&self, key: &str);
}

const OF_ALL_STORES: [Need; 6] = [
    Need::Foreign,
    Need::Faults,
    Need::SetIfAbsent,
    Need::Increment,
    Need::Expire,
    Need::Prolong,
];

pub(crate) fn in_memory() -> Store {
    let clock = FakeClock::default();
    let backend: Arc<dyn KvBackend> = clock.backend();
    let has = [&OF_ALL_STORES[..], &[Need::Clock, Need::Changes]].concat();
    Store {
        beside: Box::new(Backed(backend.clone())),
        backend,
        clock: Some(clock),
        has,
        keep: Box::new(()),
    }
}

pub(crate) fn in_sqlite() -> Store {
    let folder = tempfile::tempdir().expect("a folder for the file must be created");
    let url = format!("sqlite:{}", folder.path().join("cache.db").display());
    Store {
        backend: connect(&url),
        beside: Box::new(Backed(connect(&url))),
        clock: None,
        has: OF_ALL_STORES.into(),
        keep: Box::new(folder),
    }
}

/// A store in a server, which is emptied.
pub(crate) fn in_redis(server: &RedisServer) -> Store {
    let beside = InRedis::connect(server);
    beside.run(&["FLUSHALL"]);
    let has = [&OF_ALL_STORES[..], &[Need::WrongType]].concat();
    Store {
        backend: connect(&server.url()),
        beside: Box::new(beside),
        clock: None,
        has,
        keep: Box::new(()),
    }
}

/// The way by the component's typed exports.
pub(crate) fn by_exports(store: Store) -> World {
    world(store, true, &[Need::Coherence], |seen, clock| match clock {
        Some(clock) => Box::new(clock.instance(seen)),
        None => {
            let instance = Instance::builder(seen).build();
            Box::new(instance.expect("the component must instantiate"))
        }
    })
}

/// The way by the door: the API for Rust programs. It tells its shards of changes itself, and they never ask.
pub(crate) fn by_the_door(mut store: Store) -> World {
    store.has.retain(|need| *need != Need::Changes);
    world(store, false, &[], |seen, clock| {
        let shards = shards(2);
        let shards = match clock {
            Some(clock) => clock.shards(shards),
            None => shards,
        };
        let client = Client::builder(seen).shards(shards).build();
        Box::new(client.expect("the shards must start"))
    })
}

fn world(
    store: Store,
    shows_calls: bool,
    has: &[Need],
    start: impl FnOnce(Arc<Seen>, Option<&FakeClock>) -> Box<dyn Path>,
) -> World {
    let seen = Seen::over(store.backend);
    World {
        path: start(seen.clone(), store.clock.as_ref()),
        has: [&store.has, has].concat(),
        seen: Some(seen),
        shows_calls,
        beside: Some(store.beside),
        wait: store.clock.map(|clock| {
            let wait = move |time| clock.advance(time);
            Box::new(wait) as Box<dyn Fn(Duration)>
        }),
        _keep: store.keep,
    }
}

/// A store that others reach by a backend.
struct Backed(Arc<dyn KvBackend>);

impl Backed {
    fn place(key: &str) -> (Bucket, String) {
        let (name, key) = key.split_once(':').expect("a complete key has a colon");
        let bucket = Bucket::new(name).expect("the case's name must be right");
        (bucket, key.to_owned())
    }

    /// Those who share the store value are told, as one client's writes are told to the others.
    fn tell(&self, bucket: &Bucket, key: &str) {
        if let Some(feed) = self.0.feed() {
            feed.publish_keys(None, bucket, [key]);
        }
    }
}

impl Beside for Backed {
    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) {
        let (bucket, key) = Self::place(key);
        let entries = [(key, value.to_vec())];
        block_on(self.0.set(&bucket, &entries, ttl)).expect("the store must take it");
        self.tell(&bucket, &entries[0].0);
    }

    fn delete(&self, key: &str) {
        let (bucket, key) = Self::place(key);
        let keys = [key];
        block_on(self.0.delete(&bucket, &keys)).expect("the store must delete it");
        self.tell(&bucket, &keys[0]);
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let (bucket, key) = Self::place(key);
        let slots = block_on(self.0.get(&bucket, &[key], None));
        match slots.expect("the store must answer").remove(0) {
            Slot::Entry(Entry { value, .. }) => Some(value),
            Slot::Absent | Slot::WrongType => None,
        }
    }

    fn spoil(&self, key: &str) {
        unreachable!("a store of plain strings was to hold something else at {key}")
    }
}

struct InRedis(redis::Client);

impl InRedis {
    fn connect(server: &RedisServer) -> Self {
        Self(redis::Client::open(server.url()).expect("the server's URL must be right"))
    }

    fn run<A: redis::ToRedisArgs>(&self, command: &[A]) -> redis::Value {
        let mut connection = self.0.get_connection().expect("the server must be up");
        let mut asked = redis::Cmd::new();
        asked.arg(command);
        asked
            .query(&mut connection)
            .expect("the server must answer")
    }
}

impl Beside for InRedis {
    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) {
        let ttl = ttl.map(|ttl| ttl.as_millis().to_string());
        let mut command = vec![b"SET", key.as_bytes(), value];
        if let Some(ttl) = &ttl {
            command.extend([b"PX", ttl.as_bytes()]);
        }
        self.run(&command);
    }

    fn delete(&self, key: &str) {
        self.run(&["DEL", key]);
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        match self.run(&["GET", key]) {
            redis::Value::BulkString(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn spoil(&self, key: &str) {
        self.run(&["RPUSH", key, "1"]);
    }
}
