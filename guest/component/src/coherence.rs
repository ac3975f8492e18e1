//! The export `coherence`: changes that other clients have made to L2.

use flipcache_core::Shard;

use crate::Component;
use crate::bindings::exports::flipcache::cache::coherence::Guest;
use crate::state::{seed, set_live, with_shard};

impl Guest for Component {
    fn invalidate(name: String, keys: Vec<String>) {
        let seed = seed();
        for key in keys {
            let full_key = format!("{name}:{key}");
            let hash = seed.hash_bytes(full_key.as_bytes());
            with_shard(|shard| shard.invalidate(hash, &full_key));
        }
    }

    fn invalidate_all() {
        with_shard(Shard::invalidate_all);
    }

    fn suspend() {
        set_live(false);
    }

    fn resume() {
        set_live(true);
    }
}
