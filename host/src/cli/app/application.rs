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

/// Bytes that a guest may hand over in one call, unless one value may have more.
const MAX_CALL_BYTES: usize = 32 << 20;

/// Bytes that a call may have beside a value: keys and names.
const BESIDE_A_VALUE: usize = 1 << 20;

/// A component that is ready to be instantiated, with one cache behind all instances.
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
    /// # Errors
    ///
    /// [`Failure::Unfit`] if the file is no component, or imports what is not provided.
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

    /// The component with its imports.
    pub(super) fn pre(&self) -> InstancePre<Data> {
        self.pre.clone()
    }

    /// Logs it, soon, if the backend cannot be reached. Caches are opened without it, so that nothing else would say so
    /// before the first request.
    pub(super) fn log_outage(&self) -> Result<(), Failure> {
        let backend = self.backend.clone();
        let bucket = Bucket::new(self.grant.tenant().as_str()).context("the tenant is no bucket");
        let bucket = bucket.map_err(Failure::Other)?;
        let runtime = io::runtime().map_err(Error::from)?;
        runtime.spawn(async move {
            let asked = backend.exists(&bucket, &[String::new()]).await;
            // Other errors are about the key, or about who asks.
            if let Err(error @ (BackendError::Unavailable(_) | BackendError::Timeout)) = asked {
                tracing::error!(
                    "{}; requests are served, and those that need it fail until it is back",
                    describe(&error)
                );
            }
        });
        Ok(())
    }

    /// A store for one instance, which has the streams and arguments of `wasi`.
    pub(super) fn store(&self, wasi: &mut WasiCtxBuilder) -> Result<Store<Data>, Error> {
        // A cache that is composed into the application counts lifetimes by it.
        wasi.monotonic_clock(link::monotonic_clock());
        let wasi = wasi.envs(&self.environment).build();
        let memory = MemoryLimit::new(self.max_memory);
        let cache = CacheCtx::builder(self.client.clone(), self.grant.clone()).build();
        let kv = KvCtx::builder(self.backend.clone())
            .tenant(self.grant.tenant().clone())
            // The instance has no room for more.
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

/// What an application may import: WASI, HTTP, the cache, and what a cache composed into it asks.
fn linker(engine: &Engine) -> wasmtime::Result<Linker<Data>> {
    let mut linker = Linker::new(engine);
    wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
    app::add_to_linker_async(&mut linker)?;
    link::add_kv_backend_to_linker_async(&mut linker)?;
    Ok(linker)
}

/// The file is not what the command runs.
pub(super) fn unfit(file: &Path, cause: wasmtime::Error) -> Failure {
    Failure::Unfit {
        file: file.to_owned(),
        cause,
    }
}

fn failed(error: wasmtime::Error) -> Failure {
    Failure::Other(anyhow::Error::from_boxed(error.into()))
}
