//! The export `collections`: bounded dictionaries without a backend.

use std::cell::RefCell;

use flipcache_core as core;

use crate::Component;
use crate::bindings::exports::flipcache::cache::collections::{
    Dict as DictHandle, Error, Guest, GuestDict, Item, Order,
};
use crate::bindings::flipcache::cache::types::Value;
use crate::state::seed;

/// Maximum bytes of keys and values of one dictionary: a quarter of a 32-bit address space.
const MAX_BYTES: u64 = 1 << 30;

/// The dictionary behind a handle.
pub(crate) struct Dict(RefCell<core::Dict<core::Value>>);

impl Guest for Component {
    type Dict = Dict;
}

impl GuestDict for Dict {
    fn open(order: Order, max_items: u32) -> Result<DictHandle, Error> {
        let order = match order {
            Order::Fifo => core::Order::Fifo,
            Order::Lru => core::Order::Lru,
        };
        let dict = core::Dict::new(order, max_items, seed())?;
        let dict = dict.with_max_bytes(MAX_BYTES, core::Value::weight);
        Ok(DictHandle::new(Self(RefCell::new(dict))))
    }

    fn get(&self, key: String) -> Option<Value> {
        self.0.borrow_mut().get(&key).cloned().map(Into::into)
    }

    fn peek(&self, key: String) -> Option<Value> {
        self.0.borrow().peek(&key).cloned().map(Into::into)
    }

    fn set(&self, key: String, value: Value) -> Result<Option<Item>, Error> {
        let evicted = self.0.borrow_mut().set(&key, value.into())?;
        Ok(evicted.map(item))
    }

    fn set_default(&self, key: String, value: Value) -> Result<Value, Error> {
        let value = self.0.borrow_mut().set_default(&key, value.into())?;
        Ok(value.into())
    }

    fn update(&self, items: Vec<Item>) -> Result<(), Error> {
        let items = items.into_iter().map(|(key, value)| (key, value.into()));
        Ok(self.0.borrow_mut().update(items)?)
    }

    fn contains(&self, key: String) -> bool {
        self.0.borrow().contains(&key)
    }

    fn mark_as_used(&self, key: String) -> bool {
        self.0.borrow_mut().mark_as_used(&key)
    }

    fn pop(&self, key: String) -> Option<Value> {
        self.0.borrow_mut().pop(&key).map(Into::into)
    }

    fn pop_item(&self, newest: bool) -> Option<Item> {
        self.0.borrow_mut().pop_item(newest).map(item)
    }

    fn clear(&self) {
        self.0.borrow_mut().clear();
    }

    fn len(&self) -> u32 {
        self.0.borrow().len()
    }

    fn max_items(&self) -> u32 {
        self.0.borrow().max_items()
    }

    fn keys(&self) -> Vec<String> {
        let dict = self.0.borrow();
        dict.iter().map(|(key, _)| key.to_owned()).collect()
    }

    fn values(&self) -> Vec<Value> {
        let dict = self.0.borrow();
        dict.iter().map(|(_, value)| value.clone().into()).collect()
    }

    fn items(&self) -> Vec<Item> {
        let dict = self.0.borrow();
        let items = dict
            .iter()
            .map(|(key, value)| (key.to_owned(), value.clone()));
        items.map(item).collect()
    }
}

fn item((key, value): (String, core::Value)) -> Item {
    (key, value.into())
}

impl From<core::DictError> for Error {
    fn from(error: core::DictError) -> Self {
        match error {
            core::DictError::InvalidCapacity => Self::InvalidCapacity,
            core::DictError::TooLarge { limit } => Self::TooLarge(limit),
        }
    }
}
