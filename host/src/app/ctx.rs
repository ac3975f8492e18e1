//! What a store holds for its application's caches, and how it is found there.

use wasmtime::component::ResourceTable;

use super::Grant;
use crate::Client;

/// What one store's caches and dictionaries are made of.
pub struct CacheCtx {
    pub(super) client: Client,
    pub(super) grant: Grant,
    /// Caches and dictionaries that are open.
    pub(super) handles: usize,
    /// What all dictionaries count, in bytes.
    pub(super) dict_bytes: u64,
    /// Where the key of a call is put, so that a hit allocates none.
    pub(super) key: String,
}

/// Where a store's data keeps its [`CacheCtx`].
pub trait CacheView: Send + 'static {
    /// Borrows it, and the table of resources.
    fn cache(&mut self) -> CacheCtxView<'_>;
}

/// What [`CacheView`] borrows.
pub struct CacheCtxView<'a> {
    /// The store's own context.
    pub ctx: &'a mut CacheCtx,
    /// The store's table, where open caches and dictionaries stand.
    pub table: &'a mut ResourceTable,
}

impl CacheCtx {
    /// A context whose caches are those of `client`, as far as `grant` allows.
    ///
    /// The client is shared: by all stores of an application, by all applications, and by the platform
    /// itself. Its runtime must not be one that waits for a synchronous store.
    pub fn builder(client: Client, grant: Grant) -> CacheCtxBuilder {
        CacheCtxBuilder { client, grant }
    }
}

/// Makes a [`CacheCtx`].
#[must_use = "there is no context until `build`"]
pub struct CacheCtxBuilder {
    client: Client,
    grant: Grant,
}

impl CacheCtxBuilder {
    /// The context.
    pub fn build(self) -> CacheCtx {
        CacheCtx {
            client: self.client,
            grant: self.grant,
            handles: 0,
            dict_bytes: 0,
            key: String::new(),
        }
    }
}
