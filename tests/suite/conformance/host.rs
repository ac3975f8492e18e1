//! Hosts of the component as the cases see them: an entry to the component, over a store.

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
use super::recorder::Recorder;
use crate::component::world::FakeClock;
use crate::paths::shards;
use crate::stores::connect;

/// An instance over an empty store, for one case.
pub(crate) struct World {
    // Dropped in this order.
    pub(crate) path: Box<dyn Path>,
    /// The needs that it meets.
    pub(crate) has: Vec<Need>,
    /// Records the calls of `kv-backend` and injects faults, if the host supports that.
    pub(crate) recorder: Option<Arc<Recorder>>,
    /// Whether the recorded calls are the component's own, so that cases compare them.
    pub(crate) compares_calls: bool,
    pub(crate) other_client: Option<Box<dyn OtherClient>>,
    /// Advances all clocks.
    pub(crate) wait: Option<Box<dyn Fn(Duration)>>,
    pub(crate) _keep: Box<dyn Any>,
}

/// An empty store, and the needs that it meets.
pub(crate) struct Store {
    backend: Arc<dyn KvBackend>,
    other_client: Box<dyn OtherClient>,
    /// The clock of the store, if tests can advance it.
    clock: Option<FakeClock>,
    has: Vec<Need>,
    keep: Box<dyn Any>,
}

/// Another client of the store. Keys are complete.
pub(crate) trait OtherClient {
    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>);
    fn delete(&self, key: &str);
    fn get(&self, key: &str) -> Option<Vec<u8>>;
    /// Stores a value that is not a plain string.
    fn spoil(&self, key: &str);
}

const OF_ALL_STORES: [Need; 6] = [
    Need::ExternalWrites,
    Need::Faults,
    Need::SetIfAbsent,
    Need::Increment,
    Need::Expire,
    Need::ExtendTtl,
];

pub(crate) fn in_memory() -> Store {
    let clock = FakeClock::default();
    let backend: Arc<dyn KvBackend> = clock.backend();
    let has = [&OF_ALL_STORES[..], &[Need::Clock, Need::Changes]].concat();
    Store {
        other_client: Box::new(Backed(backend.clone())),
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
        other_client: Box::new(Backed(connect(&url))),
        clock: None,
        has: OF_ALL_STORES.into(),
        keep: Box::new(folder),
    }
}

/// Empties a server and uses it as the store.
pub(crate) fn in_redis(server: &RedisServer) -> Store {
    let other_client = InRedis::connect(server);
    other_client.run(&["FLUSHALL"]);
    let has = [&OF_ALL_STORES[..], &[Need::WrongType]].concat();
    Store {
        backend: connect(&server.url()),
        other_client: Box::new(other_client),
        clock: None,
        has,
        keep: Box::new(()),
    }
}

/// Enters the component by its typed exports.
pub(crate) fn by_exports(store: Store) -> World {
    world(
        store,
        true,
        &[Need::Coherence],
        |recorder, clock| match clock {
            Some(clock) => Box::new(clock.instance(recorder)),
            None => {
                let instance = Instance::builder(recorder).build();
                Box::new(instance.expect("the component must instantiate"))
            }
        },
    )
}

/// Enters by the door, the API for Rust programs. It pushes changes to its shards, which never
/// pull.
pub(crate) fn by_the_door(mut store: Store) -> World {
    store.has.retain(|need| *need != Need::Changes);
    world(store, false, &[], |recorder, clock| {
        let shards = shards(2);
        let shards = match clock {
            Some(clock) => clock.shards(shards),
            None => shards,
        };
        let client = Client::builder(recorder).shards(shards).build();
        Box::new(client.expect("the shards must start"))
    })
}

fn world(
    store: Store,
    compares_calls: bool,
    has: &[Need],
    start: impl FnOnce(Arc<Recorder>, Option<&FakeClock>) -> Box<dyn Path>,
) -> World {
    let recorder = Recorder::over(store.backend);
    World {
        path: start(recorder.clone(), store.clock.as_ref()),
        has: [&store.has, has].concat(),
        recorder: Some(recorder),
        compares_calls,
        other_client: Some(store.other_client),
        wait: store.clock.map(|clock| {
            let wait = move |time| clock.advance(time);
            Box::new(wait) as Box<dyn Fn(Duration)>
        }),
        _keep: store.keep,
    }
}

/// Another client that reaches the store by a backend.
struct Backed(Arc<dyn KvBackend>);

impl Backed {
    fn split(key: &str) -> (Bucket, String) {
        let (name, key) = key.split_once(':').expect("a complete key has a colon");
        let bucket = Bucket::new(name).expect("the case's name must be valid");
        (bucket, key.to_owned())
    }

    /// Publishes a write to the other clients of the backend.
    fn publish(&self, bucket: &Bucket, key: &str) {
        if let Some(feed) = self.0.feed() {
            feed.publish_keys(None, bucket, [key]);
        }
    }
}

impl OtherClient for Backed {
    fn set(&self, key: &str, value: &[u8], ttl: Option<Duration>) {
        let (bucket, key) = Self::split(key);
        let entries = [(key, value.to_vec())];
        block_on(self.0.set(&bucket, &entries, ttl)).expect("the store must accept the value");
        self.publish(&bucket, &entries[0].0);
    }

    fn delete(&self, key: &str) {
        let (bucket, key) = Self::split(key);
        let keys = [key];
        block_on(self.0.delete(&bucket, &keys)).expect("the store must delete the key");
        self.publish(&bucket, &keys[0]);
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        let (bucket, key) = Self::split(key);
        let slots = block_on(self.0.get(&bucket, &[key], None));
        match slots.expect("the store must reply").remove(0) {
            Slot::Entry(Entry { value, .. }) => Some(value),
            Slot::Absent | Slot::WrongType => None,
        }
    }

    fn spoil(&self, key: &str) {
        unreachable!("a store of plain strings cannot hold another type at {key}")
    }
}

struct InRedis(redis::Client);

impl InRedis {
    fn connect(server: &RedisServer) -> Self {
        Self(redis::Client::open(server.url()).expect("the server's URL must be valid"))
    }

    fn run<A: redis::ToRedisArgs>(&self, command: &[A]) -> redis::Value {
        let mut connection = self.0.get_connection().expect("the server must be up");
        let mut cmd = redis::Cmd::new();
        cmd.arg(command);
        cmd.query(&mut connection).expect("the server must reply")
    }
}

impl OtherClient for InRedis {
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
