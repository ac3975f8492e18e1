//! What every backend does: one suite, run over each of them.
//!
//! The contract is the documentation of `KvBackend` and of the WIT interface `kv-backend`.

mod expiry;
mod listing;
mod reading;
mod writing;

/// Runs async functions over `&Store` as tests of every backend.
macro_rules! contract {
    ($($case:ident),+ $(,)?) => {
        crate::contract::contract!(@store memory, in_memory, $($case),+);
        crate::contract::contract!(@store compressed, compressed_in_memory, $($case),+);
        crate::contract::contract!(@store sqlite, in_sqlite, $($case),+);
        crate::contract::contract!(@store redis, in_redis, $($case),+);
        crate::contract::contract!(@store redis_over_tls, in_redis_over_tls, $($case),+);

        /// One after the other: a cluster takes some seconds to start.
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn all_over_a_cluster() {
            let cluster = std::sync::Arc::new(flipcache_tests::RedisCluster::start());
            $(
                cluster.flush();
                println!("{}", stringify!($case));
                $case(&crate::stores::in_cluster(&cluster)).await;
            )+
        }
    };
    (@store $store:ident, $new:ident, $($case:ident),+) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $case() {
                    super::$case(&crate::stores::$new()).await;
                }
            )+
        }
    };
}
use contract;
