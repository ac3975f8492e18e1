//! A store in memory for the tests, with pages of any length.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::thread_local;

use crate::store::{Kept, Pairs, Store, StoreError, StorePage};

thread_local! {
    /// The stores of a test's host, by identifier.
    static HOST: RefCell<BTreeMap<String, Double>> = RefCell::default();
    static KEPT: Kept<Double> = const { RefCell::new(None) };
}

/// A key and its new value; `None`: it is deleted.
type Write = (String, Option<Vec<u8>>);

#[derive(Clone, Default)]
pub(crate) struct Double {
    held: std::rc::Rc<RefCell<BTreeMap<String, Vec<u8>>>>,
    calls: std::rc::Rc<Cell<usize>>,
    page: Option<usize>,
    repeats: bool,
    has_no_end: bool,
    fails: std::rc::Rc<Cell<bool>>,
    /// The write of another client after the next read.
    next_write: std::rc::Rc<RefCell<Option<Write>>>,
}

impl Double {
    /// Returns a store with these keys.
    pub(crate) fn with<const N: usize>(keys: [&str; N]) -> Self {
        let store = Self::default();
        let held = keys.map(|key| (key.to_owned(), b"v".to_vec()));
        store.held.borrow_mut().extend(held);
        store
    }

    pub(crate) fn in_pages_of(mut self, keys: usize) -> Self {
        self.page = Some(keys);
        self
    }

    /// Makes each page begin with the last key of the previous one.
    pub(crate) fn repeating(mut self) -> Self {
        self.repeats = true;
        self
    }

    pub(crate) fn without_end(mut self) -> Self {
        self.has_no_end = true;
        self
    }

    /// Makes listings fail from now on.
    pub(crate) fn fail(&self) {
        self.fails.set(true);
    }

    /// Sets or deletes a key after the next read, as another client.
    pub(crate) fn after_next_read(&self, key: &str, value: Option<&[u8]>) {
        let write = (key.to_owned(), value.map(<[u8]>::to_vec));
        self.next_write.replace(Some(write));
    }

    fn let_others_write(&self) {
        let mut held = self.held.borrow_mut();
        match self.next_write.take() {
            Some((key, Some(value))) => _ = held.insert(key, value),
            Some((key, None)) => _ = held.remove(&key),
            None => {}
        }
    }

    /// Makes this store open under the identifier, on this thread.
    pub(crate) fn install(&self, identifier: &str) {
        HOST.with_borrow_mut(|host| host.insert(identifier.to_owned(), self.clone()));
    }

    pub(crate) fn raw(&self, key: &str) -> Option<Vec<u8>> {
        self.held.borrow().get(key).cloned()
    }

    pub(crate) fn put(&self, key: &str, value: &[u8]) {
        self.held
            .borrow_mut()
            .insert(key.to_owned(), value.to_vec());
    }

    /// Returns the number of calls since it was last called.
    pub(crate) fn calls(&self) -> usize {
        self.calls.take()
    }

    fn count(&self) {
        self.calls.set(self.calls.get() + 1);
    }
}

impl Store for Double {
    fn open(identifier: &str) -> Result<Self, StoreError> {
        let opened = HOST.with_borrow(|host| host.get(identifier).cloned());
        opened.ok_or(StoreError::NoSuchStore)
    }

    fn kept() -> &'static std::thread::LocalKey<Kept<Self>> {
        &KEPT
    }

    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.count();
        let value = self.raw(key);
        self.let_others_write();
        Ok(value)
    }

    fn get_many(&self, keys: &[String]) -> Result<Pairs, StoreError> {
        self.count();
        let found = keys
            .iter()
            .rev()
            .filter_map(|key| Some((key.clone(), self.raw(key)?)));
        Ok(found.collect())
    }

    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        self.count();
        self.put(key, value);
        Ok(())
    }

    fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
        self.count();
        // Hosts may write in any order.
        entries
            .iter()
            .rev()
            .for_each(|(key, value)| self.put(key, value));
        Ok(())
    }

    fn delete_many(&self, keys: &[String]) -> Result<(), StoreError> {
        self.count();
        self.held.borrow_mut().retain(|key, _| !keys.contains(key));
        Ok(())
    }

    fn list_keys(&self, cursor: Option<&str>) -> Result<StorePage, StoreError> {
        self.count();
        if self.fails.get() {
            return Err(StoreError::Other("the connection is gone".to_owned()));
        }
        let held = self.held.borrow();
        let start: usize = cursor.map_or(0, |cursor| cursor.parse().expect("a cursor of ours"));
        let end = start
            .saturating_add(self.page.unwrap_or(usize::MAX))
            .min(held.len());
        let from = start - usize::from(self.repeats && start > 0);
        let keys = held.keys().skip(from).take(end - from).rev().cloned();
        let cursor = (end < held.len() || self.has_no_end).then(|| end.to_string());
        Ok(StorePage {
            keys: keys.collect(),
            cursor,
        })
    }
}
