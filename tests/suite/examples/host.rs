//! A host for the examples: WASI, and `kv-backend` on a backend of the test's.

use std::sync::Arc;

use flipcache::backend::KvBackend;
use flipcache::link::{self, KvCtx, KvCtxView, KvView};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store};
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::{
    Error, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks, WasiHttpView,
};

use crate::composed::plugged;

/// An example with the cache in it, compiled, and what to link it with.
pub(crate) struct Host {
    pub(crate) composed: Component,
    pub(crate) linker: Linker<Data>,
}

/// What the store of one instance holds.
pub(crate) struct Data {
    wasi: WasiCtx,
    http: WasiHttpCtx,
    hooks: NoWayOut,
    kv: KvCtx,
    table: ResourceTable,
}

impl Host {
    /// Composes the cache into the example in this file.
    pub(crate) fn of(file: &str) -> Self {
        let engine = Engine::default();
        let example = std::fs::read(file).expect("the build script must have built it");
        let composed = Component::new(&engine, plugged(&example)).expect("it must compile");
        let mut linker = Linker::new(&engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker).expect("the linker must be empty");
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)
            .expect("the linker must not have it");
        link::add_kv_backend_to_linker_async(&mut linker).expect("the linker must not have it");
        Self { composed, linker }
    }

    pub(crate) fn store(
        &self,
        backend: Arc<dyn KvBackend>,
        mut wasi: WasiCtxBuilder,
    ) -> Store<Data> {
        let kv = KvCtx::builder(backend).build();
        let data = Data {
            wasi: wasi.build(),
            http: WasiHttpCtx::new(),
            hooks: NoWayOut,
            kv: kv.expect("a runtime must start"),
            table: ResourceTable::new(),
        };
        Store::new(self.composed.engine(), data)
    }
}

/// Refuses requests: the examples make none.
struct NoWayOut;

impl WasiHttpHooks for NoWayOut {
    fn send_request(
        &mut self,
        _: hyper::Request<WasiBody>,
        _: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Answer {
        Box::new(async { Err(Error::HttpRequestDenied) })
    }
}

type Sent = Box<dyn Future<Output = Result<(), Error>> + Send>;
type Answer = Box<dyn Future<Output = Result<(hyper::Response<WasiBody>, Sent), Error>> + Send>;

impl WasiView for Data {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Data {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

impl KvView for Data {
    fn kv(&mut self) -> KvCtxView<'_> {
        KvCtxView {
            ctx: &mut self.kv,
            table: &mut self.table,
        }
    }
}
