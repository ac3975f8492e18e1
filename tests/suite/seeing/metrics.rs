//! Metrics: what is recorded, and when.

use std::sync::Arc;

use flipcache::backend::{
    BackendState, Breaker, BreakerOptions, Instrumented, InvalidationStatus, KvBackend,
};
use flipcache::{Client, metrics};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::runtime::Handle;
use tokio::sync::{Mutex, MutexGuard};

use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{bucket, in_memory, keys};

/// Serializes tests, as a recorder receives what other tests publish, too.
static TURN: Mutex<()> = Mutex::const_new(());

/// A recorder of this thread's.
struct Recorder {
    page: PrometheusHandle,
    _local: ::metrics::LocalRecorderGuard<'static>,
    _turn: MutexGuard<'static, ()>,
}

impl Recorder {
    async fn begin() -> Self {
        let turn = TURN.lock().await;
        // As long as a test lasts.
        let recorder = Box::leak(Box::new(PrometheusBuilder::new().build_recorder()));
        Self {
            page: recorder.handle(),
            _local: ::metrics::set_default_local_recorder(recorder),
            _turn: turn,
        }
    }

    /// Returns the value of a metric after publishing.
    fn get(&self, metric: &str) -> Option<f64> {
        metrics::publish();
        let page = self.page.render();
        let line = page.lines().find_map(|line| line.strip_prefix(metric))?;
        line.strip_prefix(' ')?.parse().ok()
    }

    #[track_caller]
    fn is(&self, metric: &str, expected: f64) {
        let told = self.get(metric);
        assert_eq!(told, Some(expected), "{metric} in\n{}", self.page.render());
    }
}

fn client(backend: Arc<dyn KvBackend>) -> Client {
    let client = Client::builder(backend).runtime(Handle::current());
    client.build().expect("there must be memory for its shards")
}

#[tokio::test]
async fn publish_sums_several_clients_once() {
    let recorder = Recorder::begin().await;
    let backend = in_memory().backend;
    let clients = [client(backend.clone()), client(backend)];
    for client in &clients {
        let cache = client.cache("summed").open().expect("it must open");
        cache.set("k", "v").await.expect("set");
        cache.get("k").await.expect("a hit");
        cache.get("absent").await.expect("a miss");
    }
    for _ in 0..2 {
        recorder.is(
            r#"flipcache_reads_total{cache="summed",source="local"}"#,
            2.0,
        );
        recorder.is(
            r#"flipcache_reads_total{cache="summed",source="none"}"#,
            2.0,
        );
    }
    // The second write invalidated the entry of the first client.
    recorder.is(
        r#"flipcache_removals_total{cache="summed",cause="invalidated"}"#,
        1.0,
    );
    recorder.is(r#"flipcache_local_entries{cache="summed"}"#, 1.0);
    drop(clients);
    recorder.is(r#"flipcache_local_entries{cache="summed"}"#, 0.0);
    recorder.is(r#"flipcache_local_bytes{cache="summed"}"#, 0.0);
    recorder.is(
        r#"flipcache_reads_total{cache="summed",source="local"}"#,
        2.0,
    );
}

#[tokio::test]
async fn calls_are_counted_by_operation_and_outcome() {
    let recorder = Recorder::begin().await;
    let faulty = FaultyBackend::over(in_memory().backend);
    let observed = Arc::new(Instrumented::new(faulty.clone()));
    let get = || {
        let observed = observed.clone();
        async move { observed.get(&bucket("n"), &keys(["k"]), None).await }
    };
    get().await.expect("it works");
    for fault in [Fault::Down, Fault::LostReplies] {
        faulty.set_fault(fault);
        get().await.expect_err("it fails on purpose");
    }
    faulty.calls();
    faulty.set_fault(Fault::Waits);
    let waiting = tokio::spawn(get());
    faulty.wait_for_calls(1).await;
    waiting.abort();
    waiting.await.expect_err("its caller goes away");
    for outcome in ["ok", "unavailable", "timeout", "cancelled"] {
        recorder.is(
            &format!(
                "flipcache_backend_call_seconds_count{{system=\"other\",operation=\"get\",outcome=\"{outcome}\"}}"
            ),
            1.0,
        );
    }
}

#[tokio::test]
async fn state_of_the_backend_is_published() {
    let recorder = Recorder::begin().await;
    let faulty = FaultyBackend::over(in_memory().backend);
    let options = BreakerOptions {
        failures: 1,
        ..BreakerOptions::default()
    };
    let backend = Arc::new(Breaker::new(faulty.clone(), options));
    let _client = client(backend.clone());
    let closed = r#"flipcache_backend_breaker{system="other",state="closed"}"#;
    let open = r#"flipcache_backend_breaker{system="other",state="open"}"#;
    recorder.is(closed, 1.0);
    recorder.is(open, 0.0);
    recorder.is(
        r#"flipcache_invalidation_status{system="other",status="untracked"}"#,
        1.0,
    );
    faulty.set_fault(Fault::Down);
    let failed = backend.get(&bucket("n"), &keys(["k"]), None).await;
    failed.expect_err("it fails on purpose");
    recorder.is(closed, 0.0);
    recorder.is(open, 1.0);
    let state = BackendState::of(&*backend);
    assert_eq!(
        (state.invalidation_status, state.invalidation_status_for),
        (InvalidationStatus::Untracked, None)
    );
}
