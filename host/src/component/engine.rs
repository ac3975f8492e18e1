//! The parts that all instances of a process share: the engine, and the component, compiled and linked once.

use std::sync::OnceLock;

use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Config, Engine, Store};

use crate::bindings::{Flipcache, FlipcachePre};
use crate::link::{self, KvCtx, KvCtxView, KvView};
use crate::{COMPONENT, CodeCache};

/// The data of one instance's store.
pub(super) struct Data {
    kv: KvCtx,
    table: ResourceTable,
}

impl KvView for Data {
    fn kv(&mut self) -> KvCtxView<'_> {
        KvCtxView {
            ctx: &mut self.kv,
            table: &mut self.table,
        }
    }
}

/// Creates an instance in a store of its own.
///
/// The first call of the process compiles the component, which takes some hundreds of milliseconds.
pub(super) fn instantiate(
    kv: KvCtx,
    code_cache: Option<&CodeCache>,
) -> wasmtime::Result<(Store<Data>, Flipcache)> {
    static PREPARED: OnceLock<FlipcachePre<Data>> = OnceLock::new();
    let prepared = match PREPARED.get() {
        Some(prepared) => prepared,
        None => {
            let prepared = prepare(code_cache)?;
            PREPARED.get_or_init(|| prepared)
        }
    };
    let table = ResourceTable::new();
    let mut store = Store::new(prepared.engine(), Data { kv, table });
    let exports = prepared.instantiate(&mut store)?;
    Ok((store, exports))
}

fn prepare(code_cache: Option<&CodeCache>) -> wasmtime::Result<FlipcachePre<Data>> {
    let mut config = Config::new();
    // On by default; it makes each call into a component about four times slower.
    config.concurrency_support(false);
    let engine = Engine::new(&config)?;
    let mut linker = Linker::new(&engine);
    link::add_to_linker(&mut linker)?;
    let component = match code_cache {
        Some(code_cache) => code_cache.component(&engine, COMPONENT)?,
        None => Component::new(&engine, COMPONENT)?,
    };
    FlipcachePre::new(linker.instantiate_pre(&component)?)
}
