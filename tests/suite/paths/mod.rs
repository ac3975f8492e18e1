//! The engines: the component's door, its typed exports, and the core in process.

mod differential;
mod failing_shard;
mod full_shard;
mod sharding;

use std::num::NonZeroUsize;
use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache::{Client, Shards};

/// Returns so many shards.
pub(crate) fn shards(count: usize) -> Shards {
    Shards::default().count(NonZeroUsize::new(count).expect("at least one"))
}

/// Returns a client of this engine.
fn client(backend: Arc<dyn KvBackend>, shards: Shards) -> Client {
    let client = Client::builder(backend).shards(shards).build();
    client.expect("the shards must start")
}
