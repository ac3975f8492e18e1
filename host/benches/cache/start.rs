//! What it takes to start: a client with one shard, and an instance of the component. Both are compiled once a
//! process, before.

use std::num::NonZeroUsize;
use std::sync::Arc;

use criterion::Criterion;
use flipcache::backend::memory::MemoryBackend;
use flipcache::component::Instance;
use flipcache::{Client, Shards};

pub(crate) fn bench(criterion: &mut Criterion) {
    let backend = Arc::new(MemoryBackend::new());
    let mut group = criterion.benchmark_group("start");
    group.bench_function("client", |bencher| {
        bencher.iter(|| {
            let shards = Shards::default().count(NonZeroUsize::MIN);
            let client = Client::builder(backend.clone()).shards(shards);
            client.build().expect("the client must be made")
        });
    });
    group.bench_function("instance", |bencher| {
        bencher.iter(|| {
            let instance = Instance::builder(backend.clone()).build();
            instance.expect("the component must be instantiated")
        });
    });
    group.finish();
}
