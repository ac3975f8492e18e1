//! An application, and what its instances share.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use flipcache::app::{self, CacheCtx, Grant};
use flipcache::backend::{BackendError, Bucket, KvBackend, describe};
use flipcache::link::{self, KvCtx};
use flipcache::{Client, Error, io};
use wasmtime::component::{Component, InstancePre, Linker};
use wasmtime::{Engine, Store};
use wasmtime_wasi::WasiCtxBuilder;

use super::data::Data;
use super::engine::{Ticker, new_engine};
use super::load::load;
use super::memory::MemoryLimit;
use super::options::AppOptions;
use crate::cli::args::GlobalOptions;
use crate::cli::code_cache;
use crate::cli::failure::Failure;
use crate::cli::options::open_chosen_backend;

/// Bytes that a guest may pass in one call, unless one value may have more.
const MAX_CALL_BYTES: usize = 32 << 20;

/// Bytes that a call may have in addition to a value: keys and names.
const BESIDE_A_VALUE: usize = 1 << 20;

/// A component that is ready to be instantiated, with one cache for all instances.
pub(super) struct App {
    pre: InstancePre<Data>,
    backend: Arc<dyn KvBackend>,
    /// Over the same backend. Its local tiers outlive the instances.
    client: Client,
    grant: Grant,
    environment: Vec<(String, String)>,
    max_memory: usize,
    max_call_bytes: usize,
    _ticker: Ticker,
}

impl App {
    /// Loads the application.
    ///
    /// # Errors
    ///
    /// [`Failure::Unfit`] if the file is not a component, or has imports that are not provided.
    pub(super) fn load(
        file: &Path,
        options: &AppOptions,
        global: &GlobalOptions,
    ) -> Result<Self, Failure> {
        let loaded = load(file).map_err(|cause| unfit(file, cause))?;
        let grant = options.grant(file, global, loaded.is_adapted)?;
        let engine = new_engine().map_err(failed)?;
        let linker = linker(&engine).map_err(failed)?;
        let code_cache = code_cache::open(global);
        let component = match &code_cache {
            Some(code_cache) => code_cache.component(&engine, &loaded.bytes),
            None => Component::new(&engine, loaded.bytes),
        };
        let component = component.map_err(|cause| unfit(file, cause))?;
        let pre = linker.instantiate_pre(&component);
        let pre = pre.map_err(|cause| unfit(file, cause))?;
        let ticker = Ticker::start(&engine).context("cannot start a thread");
        let backend = open_chosen_backend(global)?;
        Ok(Self {
            pre,
            client: Client::builder(backend.clone())
                .shards(code_cache::shards(code_cache))
                .build()?,
            backend,
            grant,
            environment: options.env.clone(),
            max_memory: usize::try_from(options.max_memory.as_u64()).unwrap_or(usize::MAX),
            max_call_bytes: options
                .max_value_bytes()
                .saturating_add(BESIDE_A_VALUE)
                .max(MAX_CALL_BYTES),
            _ticker: ticker.map_err(Failure::Other)?,
        })
    }

    /// Returns the component with its imports.
    pub(super) fn pre(&self) -> InstancePre<Data> {
        self.pre.clone()
    }

    /// Logs soon if the backend cannot be reached. Caches are opened without it, so nothing else
    /// would report that before the first request.
    pub(super) fn log_outage(&self) -> Result<(), Failure> {
        let backend = self.backend.clone();
        let bucket =
            Bucket::new(self.grant.tenant().as_str()).context("the tenant is not a valid bucket");
        let bucket = bucket.map_err(Failure::Other)?;
        let runtime = io::runtime().map_err(Error::from)?;
        runtime.spawn(async move {
            let result = backend.exists(&bucket, &[String::new()]).await;
            // Other errors concern the key or the permissions.
            if let Err(error @ (BackendError::Unavailable(_) | BackendError::Timeout)) = result {
                tracing::error!(
                    "{}; requests are served, and those that need it fail until it is back",
                    describe(&error)
                );
            }
        });
        Ok(())
    }

    /// Returns a store for one instance, with the streams and arguments of `wasi`.
    pub(super) fn store(&self, wasi: &mut WasiCtxBuilder) -> Result<Store<Data>, Error> {
        // A cache that is composed into the application uses this clock for TTLs.
        wasi.monotonic_clock(link::monotonic_clock());
        let wasi = wasi.envs(&self.environment).build();
        let memory = MemoryLimit::new(self.max_memory);
        let cache = CacheCtx::builder(self.client.clone(), self.grant.clone()).build();
        let kv = KvCtx::builder(self.backend.clone())
            .tenant(self.grant.tenant().clone())
            // The instance cannot hold more.
            .max_answer_bytes(self.max_memory);
        let data = Data::new(memory, wasi, cache, kv.build()?);
        let mut store = Store::new(self.pre.engine(), data);
        store.limiter(|data| &mut data.memory);
        store.set_hostcall_fuel(self.max_call_bytes);
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        Ok(store)
    }
}

/// Links what an application may import: WASI, HTTP, the cache, and the imports of a cache composed
/// into it.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Data>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    app::add_to_linker_async(&mut linker)?;
    link::add_kv_backend_to_linker_async(&mut linker)?;
    Ok(linker)
}

/// Returns the failure for a file that the command cannot run.
pub(super) fn unfit(file: &Path, cause: wasmtime::Error) -> Failure {
    Failure::Unfit {
        file: file.to_owned(),
        cause,
    }
}

fn failed(error: wasmtime::Error) -> Failure {
    Failure::Other(anyhow::Error::from_boxed(error.into()))
}
