//! The keys of a cache in L2, page by page.

use std::marker::PhantomData;
use std::vec;

use crate::bindings::flipcache::cache::cache::FlipCache;
use crate::{Error, Keys};

/// The number of keys requested for a page.
const PAGE: u32 = 1_000;

/// The iterator of [`Cache::keys`](super::Cache::keys). It requests a page when the previous one is
/// used up.
pub struct KeyPages<'a, K> {
    raw: &'a FlipCache,
    page: vec::IntoIter<String>,
    next: Next,
    keys: PhantomData<fn() -> K>,
}

/// The request after this page.
enum Next {
    First,
    After(String),
    Nothing,
}

impl<'a, K: Keys> KeyPages<'a, K> {
    pub(super) fn new(raw: &'a FlipCache) -> Self {
        Self {
            raw,
            page: vec::IntoIter::default(),
            next: Next::First,
            keys: PhantomData,
        }
    }

    /// Requests the next page; `None` after the last one, and after an error.
    fn turn(&mut self) -> Option<Result<(), Error>> {
        let cursor = match std::mem::replace(&mut self.next, Next::Nothing) {
            Next::First => None,
            Next::After(cursor) => Some(cursor),
            Next::Nothing => return None,
        };
        let turned = self.raw.keys(cursor.as_deref(), PAGE).map(|page| {
            self.page = page.keys.into_iter();
            self.next = page.cursor.map_or(Next::Nothing, Next::After);
        });
        Some(turned.map_err(Error::from))
    }
}

impl<K: Keys> Iterator for KeyPages<'_, K> {
    type Item = Result<K::Owned, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            // Text that is no key of this type belongs to a cache whose name begins with this
            // one's.
            if let Some(key) = self.page.by_ref().find_map(K::owned) {
                return Some(Ok(key));
            }
            if let Err(error) = self.turn()? {
                return Some(Err(error));
            }
        }
    }
}
