//! The functions of the interface `collections`. Dictionaries are in the host's memory, and the
//! grant bounds those of one store together.

use std::hash::{BuildHasher, RandomState};

use flipcache_core::{Dict, DictError, Seed, Value};
use wasmtime::component::{Resource, ResourceTableError};

use super::CacheCtxView;
use super::error::Returned;
use crate::bindings::exports::flipcache::cache::collections::{self, Item};
use crate::bindings::flipcache::cache::types;

/// A dictionary that an application has opened.
pub(super) struct OpenDict(Dict<Value>);

type This = Resource<OpenDict>;
type Fallible<T> = Returned<Result<T, collections::Error>>;

/// The approximate cost of an item beside its key and value: its slots in the table and in the
/// order, and the allocator's overhead.
const ITEM_BYTES: u64 = 128;

impl CacheCtxView<'_> {
    pub(super) fn open_dict(
        &mut self,
        order: collections::Order,
        max_items: u32,
    ) -> Fallible<This> {
        let limits = self.ctx.grant.limits();
        let seed = Seed::new(RandomState::new().hash_one(()));
        let dict = match Dict::new(order.into(), max_items, seed) {
            Ok(dict) => dict.with_max_bytes(limits.dict_bytes, cost),
            Err(error) => return Ok((Err(self.to_wit(error)),)),
        };
        // `collections` has no error for too many handles; the one for the bound in bytes comes
        // closest.
        if limits.check_handles(self.ctx.handles).is_err() {
            return Ok((Err(collections::Error::TooLarge(limits.dict_bytes)),));
        }
        let open = self.table.push(OpenDict(dict))?;
        self.ctx.handles += 1;
        Ok((Ok(open),))
    }

    pub(super) fn close_dict(&mut self, this: This) -> wasmtime::Result<()> {
        let OpenDict(dict) = self.table.delete(this)?;
        self.ctx.dict_bytes -= dict.bytes();
        self.ctx.handles -= 1;
        Ok(())
    }

    pub(super) fn dict_get(&mut self, this: This, key: String) -> Returned<Option<types::Value>> {
        let value = self.with_dict(&this, |dict| dict.get(&key).cloned())?;
        Ok((value.map(Into::into),))
    }

    pub(super) fn dict_peek(&mut self, this: This, key: String) -> Returned<Option<types::Value>> {
        let value = self.with_dict(&this, |dict| dict.peek(&key).cloned())?;
        Ok((value.map(Into::into),))
    }

    pub(super) fn dict_set(
        &mut self,
        this: This,
        key: String,
        value: types::Value,
    ) -> Fallible<Option<Item>> {
        let evicted = self.with_dict(&this, |dict| dict.set(&key, value.into()))?;
        self.fallible(evicted.map(|evicted| evicted.map(item)))
    }

    pub(super) fn dict_set_default(
        &mut self,
        this: This,
        key: String,
        value: types::Value,
    ) -> Fallible<types::Value> {
        let value = self.with_dict(&this, |dict| dict.set_default(&key, value.into()))?;
        self.fallible(value.map(Into::into))
    }

    pub(super) fn dict_update(&mut self, this: This, items: Vec<Item>) -> Fallible<()> {
        let items = items.into_iter().map(|(key, value)| (key, value.into()));
        let updated = self.with_dict(&this, |dict| dict.update(items))?;
        self.fallible(updated)
    }

    pub(super) fn dict_contains(&mut self, this: This, key: String) -> Returned<bool> {
        Ok((self.with_dict(&this, |dict| dict.contains(&key))?,))
    }

    pub(super) fn dict_mark_as_used(&mut self, this: This, key: String) -> Returned<bool> {
        Ok((self.with_dict(&this, |dict| dict.mark_as_used(&key))?,))
    }

    pub(super) fn dict_pop(&mut self, this: This, key: String) -> Returned<Option<types::Value>> {
        let value = self.with_dict(&this, |dict| dict.pop(&key))?;
        Ok((value.map(Into::into),))
    }

    pub(super) fn dict_pop_item(&mut self, this: This, newest: bool) -> Returned<Option<Item>> {
        let popped = self.with_dict(&this, |dict| dict.pop_item(newest))?;
        Ok((popped.map(item),))
    }

    pub(super) fn dict_clear(&mut self, this: This) -> wasmtime::Result<()> {
        self.with_dict(&this, Dict::clear)?;
        Ok(())
    }

    pub(super) fn dict_len(&mut self, this: This) -> Returned<u32> {
        Ok((self.with_dict(&this, |dict| dict.len())?,))
    }

    pub(super) fn dict_max_items(&mut self, this: This) -> Returned<u32> {
        Ok((self.with_dict(&this, |dict| dict.max_items())?,))
    }

    pub(super) fn dict_keys(&mut self, this: This) -> Returned<Vec<String>> {
        let keys = self.with_dict(&this, |dict| {
            dict.iter().map(|(key, _)| key.to_owned()).collect()
        })?;
        Ok((keys,))
    }

    pub(super) fn dict_values(&mut self, this: This) -> Returned<Vec<types::Value>> {
        let values = self.with_dict(&this, |dict| {
            dict.iter().map(|(_, value)| value.clone().into()).collect()
        })?;
        Ok((values,))
    }

    pub(super) fn dict_items(&mut self, this: This) -> Returned<Vec<Item>> {
        let items = self.with_dict(&this, |dict| {
            let items = dict.iter();
            items
                .map(|(key, value)| (key.to_owned(), value.clone().into()))
                .collect()
        })?;
        Ok((items,))
    }

    /// Works on a dictionary, which may grow by what the others leave of the bound.
    fn with_dict<R>(
        &mut self,
        this: &This,
        work: impl FnOnce(&mut Dict<Value>) -> R,
    ) -> Result<R, ResourceTableError> {
        let OpenDict(dict) = self.table.get_mut(this)?;
        let others = self.ctx.dict_bytes - dict.bytes();
        dict.set_max_bytes(self.ctx.grant.limits().dict_bytes.saturating_sub(others));
        let result = work(dict);
        self.ctx.dict_bytes = others + dict.bytes();
        Ok(result)
    }

    fn fallible<T>(&self, result: Result<T, DictError>) -> Fallible<T> {
        Ok((result.map_err(|error| self.to_wit(error)),))
    }

    fn to_wit(&self, error: DictError) -> collections::Error {
        match error {
            DictError::InvalidCapacity => collections::Error::InvalidCapacity,
            DictError::TooLarge { .. } => {
                collections::Error::TooLarge(self.ctx.grant.limits().dict_bytes)
            }
        }
    }
}

fn item((key, value): (String, Value)) -> Item {
    (key, value.into())
}

fn cost(value: &Value) -> u64 {
    value.weight() + ITEM_BYTES
}
