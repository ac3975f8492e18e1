//! The state of a store for its application's caches, and access to it.

use wasmtime::component::ResourceTable;

use super::Grant;
use crate::Client;

/// The state of one store's caches and dictionaries.
pub struct CacheCtx {
    pub(super) client: Client,
    pub(super) grant: Grant,
    /// The number of open caches and dictionaries.
    pub(super) handles: usize,
    /// The bytes of all dictionaries.
    pub(super) dict_bytes: u64,
    /// A buffer for the key of a call, so that a hit allocates none.
    pub(super) key: String,
}

/// Access to the [`CacheCtx`] in a store's data.
pub trait CacheView: Send + 'static {
    /// Borrows the context and the table of resources.
    fn cache(&mut self) -> CacheCtxView<'_>;
}

/// The borrows of a [`CacheView`].
pub struct CacheCtxView<'a> {
    /// The store's context.
    pub ctx: &'a mut CacheCtx,
    /// The store's table, which holds open caches and dictionaries.
    pub table: &'a mut ResourceTable,
}

impl CacheCtx {
    /// Returns a builder of a context with the caches of `client`, within `grant`.
    ///
    /// The client is shared by all stores of an application, by all applications and by the
    /// platform itself. Its runtime must not be one whose thread waits for a synchronous store.
    pub fn builder(client: Client, grant: Grant) -> CacheCtxBuilder {
        CacheCtxBuilder { client, grant }
    }
}

/// A builder of a [`CacheCtx`].
#[must_use = "there is no context until `build`"]
pub struct CacheCtxBuilder {
    client: Client,
    grant: Grant,
}

impl CacheCtxBuilder {
    /// Builds the context.
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
