//! Opening and closing of caches, and what a handle refers to.

use std::sync::Arc;

use flipcache_core::{KeyType, Resilience, ValueType};
use wasmtime::component::Resource;

use super::CacheCtxView;
use super::convert::encode;
use super::error::{Called, Returned, returned};
use crate::Error;
use crate::bindings::exports::flipcache::cache::cache;
use crate::driver::Handle;

/// A cache that an application has opened.
pub(super) struct OpenCache {
    pub(super) handle: Arc<Handle>,
    key_type: KeyType,
    pub(super) value_type: ValueType,
}

type This = Resource<OpenCache>;

impl CacheCtxView<'_> {
    pub(super) fn open(
        &mut self,
        name: String,
        options: cache::Options,
    ) -> Returned<Result<This, cache::Error>> {
        returned(self.open_bounded(&name, options, Resilience::default()))
    }

    pub(super) fn open_with(
        &mut self,
        name: String,
        options: cache::Options,
        resilience: cache::Resilience,
    ) -> Returned<Result<This, cache::Error>> {
        returned(self.open_bounded(&name, options, resilience.into()))
    }

    /// Checks in the same order as the component, then against the grant.
    fn open_bounded(
        &mut self,
        name: &str,
        options: cache::Options,
        resilience: Resilience,
    ) -> Called<This> {
        let grant = &self.ctx.grant;
        let resilience = grant.resilience(resilience);
        resilience.check()?;
        let full_name = grant.tenant().full_name(name);
        let full_name = full_name.map_err(|error| Error::InvalidName(error.to_string()))?;
        let mut options = grant.options(options.into());
        options.check()?;
        let default = options.default.take();
        let default = default.map(|value| encode(value.into(), options.value_type));
        let default = default.transpose()?;
        let default_len = default.as_ref().map_or(0, Vec::len);
        grant.limits().check_value(default_len)?;
        grant.limits().check_handles(self.ctx.handles)?;
        grant.admit(name)?;
        let (key_type, value_type) = (options.key_type, options.value_type);
        let driver = Arc::clone(&self.ctx.client.driver);
        let tenant = Some(self.ctx.grant.tenant().as_str());
        let handle = Handle::open(driver, &full_name, tenant, options, resilience, default)?;
        let open = self.table.push(OpenCache {
            handle,
            key_type,
            value_type,
        })?;
        self.ctx.handles += 1;
        Ok(open)
    }

    pub(super) fn close(&mut self, this: This) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        self.ctx.handles -= 1;
        Ok(())
    }

    /// Returns the cache of a handle, to be held during a call of L2.
    pub(super) fn borrow(&self, this: &This) -> Called<OpenCache> {
        let open = self.table.get(this)?;
        Ok(OpenCache {
            handle: Arc::clone(&open.handle),
            ..*open
        })
    }
}

impl OpenCache {
    /// Checks that a key is valid for the cache.
    pub(super) fn check(&self, key: &str) -> Result<(), Error> {
        let checked = self.key_type.check(key);
        checked.map_err(|error| Error::of_key(key, error))
    }
}
