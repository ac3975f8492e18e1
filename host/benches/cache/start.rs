//! What it takes to start: a client with one shard, and an instance of the component. Both are
//! compiled once a process, before.

use std::num::NonZeroUsize;
use std::sync::Arc;

use criterion::Criterion;
use flipcache::backend::KvBackend;
use flipcache::backend::memory::MemoryBackend;
use flipcache::component::Instance;
use flipcache::{Client, Shards};

pub(crate) fn bench(criterion: &mut Criterion) {
    let backend: Arc<dyn KvBackend> = Arc::new(MemoryBackend::new());
    let client = || {
        let shards = Shards::default().count(NonZeroUsize::MIN);
        let client = Client::builder(backend.clone()).shards(shards).build();
        client.expect("the client must be made")
    };
    let instance = || {
        let instance = Instance::builder(backend.clone()).build();
        instance.expect("the component must be instantiated")
    };
    // Compiles what is to be compiled.
    drop((client(), instance()));
    let mut group = criterion.benchmark_group("start");
    group.bench_function("client", |bencher| bencher.iter(client));
    group.bench_function("instance", |bencher| bencher.iter(instance));
    group.finish();
}
