//! Python's cache and this one over one server.

use flipcache::component::{Cache, Instance};
use flipcache::{Options, ValueType};
use flipcache_tests::RedisServer;

use super::peer::Peer;
use crate::component::world::over;
use crate::stores::{connect, foreign};

/// Runs a test between Python and an instance over one empty server. Where there is no Python, it
/// is passed over.
pub(super) fn meet(test: impl FnOnce(&mut Peer, &Ours)) {
    let server = RedisServer::start();
    let Some(mut python) = Peer::start(&server) else {
        return;
    };
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let instance = over(connect(&server.url()));
    test(&mut python, &Ours { instance, server });
}

/// An instance, and the server behind it.
pub(super) struct Ours {
    // Dropped in this order.
    instance: Instance,
    pub(super) server: RedisServer,
}

impl Ours {
    pub(super) fn open(&self, name: &str, options: Options) -> Cache {
        let cache = self.instance.open(name, options);
        cache.unwrap_or_else(|error| panic!("{name} must open: {error:?}"))
    }

    /// Returns the bytes of a key.
    pub(super) fn bytes(&self, key: &str) -> Vec<u8> {
        foreign(&self.server, &["GET", key])
    }

    /// Returns what is left of a key's TTL, in milliseconds; -1: it does not expire.
    pub(super) fn left(&self, key: &str) -> i64 {
        foreign(&self.server, &["PTTL", key])
    }

    /// Every key of the server, sorted.
    pub(super) fn all_keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = foreign(&self.server, &["KEYS", "*"]);
        keys.sort();
        keys
    }
}

/// Values of a type, without a local tier: every read is of what Redis holds.
pub(super) fn unkept(value_type: ValueType) -> Options {
    Options {
        local_max: 0,
        value_type,
        ..Options::default()
    }
}
