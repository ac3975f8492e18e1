//! A named bucket of values with TTLs, among the keys of a store.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::rc::Rc;

use crate::envelope::{self, Held};
use crate::listing::{self, Cursor};
use crate::live;
use crate::store::{Pairs, Store, StoreError};

/// Identifiers of the stores that hosts have without configuration: that of Spin and wasmCloud, and
/// that of wasmtime.
const IDENTIFIERS: [&str; 2] = ["default", ""];

/// The keys of one name: `name:key`.
pub(crate) struct Bucket<S> {
    prefix: String,
    store: PhantomData<S>,
}

/// Keys, without the name, and the cursor of the next page.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) keys: Vec<String>,
    pub(crate) cursor: Option<String>,
}

/// Why an operation on a bucket failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BucketError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("a bucket needs a name")]
    NoName,
    #[error("a time to live of 0 milliseconds")]
    ZeroTtl,
    #[error("this is not a cursor of a page of this bucket")]
    NotACursor,
    // The two errors of Redis' INCRBY, in its words.
    #[error("value is not an integer or out of range")]
    NotAnInteger,
    #[error("increment or decrement would overflow")]
    Overflow,
    #[error("a TTL of something that is no entry of a cache")]
    NoEntry,
}

impl<S: Store> Bucket<S> {
    /// Opens a bucket in the host's store `default`, or else in the one with the empty identifier.
    pub(crate) fn open(name: &str) -> Result<Self, BucketError> {
        if name.is_empty() {
            return Err(BucketError::NoName);
        }
        opened::<S>()?;
        Ok(Self {
            prefix: format!("{name}:"),
            store: PhantomData,
        })
    }

    /// Returns the value of each key; `None`: absent or expired.
    pub(crate) fn get(
        &self,
        keys: &[String],
        now: impl Fn() -> u64,
    ) -> Result<Vec<Option<Held>>, BucketError> {
        let different = self.different(keys);
        let mut held = ask(|store: &S| live::read(store, &different, &now))?;
        let repeats = different.len() < keys.len();
        let slots = self.complete(keys).map(|key| {
            if repeats {
                held.get(&key).cloned()
            } else {
                held.remove(&key)
            }
        });
        Ok(slots.collect())
    }

    pub(crate) fn set(
        &self,
        entries: Pairs,
        ttl_ms: Option<u64>,
        now: impl Fn() -> u64,
    ) -> Result<(), BucketError> {
        check_ttl(ttl_ms)?;
        let now = now();
        let seal = |(key, value): (String, _)| {
            let key = self.complete_key(&key);
            (key, envelope::seal(value, ttl_ms, now))
        };
        let mut entries: Pairs = entries.into_iter().map(seal).collect();
        keep_last(&mut entries);
        ask(|store: &S| write(store, &entries))
    }

    /// Deletes keys; returns how many existed. Expired ones are deleted as well, but not counted.
    pub(crate) fn delete(
        &self,
        keys: &[String],
        now: impl Fn() -> u64,
    ) -> Result<u64, BucketError> {
        self.delete_complete(&self.different(keys), &now)
    }

    pub(crate) fn exists(
        &self,
        keys: &[String],
        now: impl Fn() -> u64,
    ) -> Result<u64, BucketError> {
        let keys = self.different(keys);
        ask(|store: &S| live::count(store, &keys, &now))
    }

    pub(crate) fn scan(
        &self,
        cursor: Option<&str>,
        limit: u32,
        now: impl Fn() -> u64,
    ) -> Result<Listed, BucketError> {
        let cursor = match cursor {
            Some(text) => Cursor::parse(text).ok_or(BucketError::NotACursor)?,
            None => Cursor::default(),
        };
        let (live, next) = ask(|store: &S| {
            let page = listing::page(store, &self.prefix, cursor, limit)?;
            Ok((live::retain(store, page.keys, &now)?, page.next))
        })?;
        let own = |key: &String| key.strip_prefix(&self.prefix).map(str::to_owned);
        Ok(Listed {
            keys: live.iter().filter_map(own).collect(),
            cursor: next.map(|next| next.tell()),
        })
    }

    pub(crate) fn count(&self, now: impl Fn() -> u64) -> Result<u64, BucketError> {
        ask(|store: &S| {
            let keys = listing::all(store, &self.prefix)?;
            live::count(store, &keys, &now)
        })
    }

    /// Deletes all keys. They are listed first, because a listing may skip keys while others are
    /// deleted.
    pub(crate) fn clear(&self, now: impl Fn() -> u64) -> Result<u64, BucketError> {
        let keys = ask(|store: &S| listing::all(store, &self.prefix))?;
        self.delete_complete(&keys, &now)
    }

    fn delete_complete(&self, keys: &[String], now: &impl Fn() -> u64) -> Result<u64, BucketError> {
        ask(|store: &S| {
            let count = live::count(store, keys, now)?;
            live::delete(store, keys)?;
            Ok(count)
        })
    }

    pub(crate) fn complete_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    pub(crate) fn complete(&self, keys: &[String]) -> impl Iterator<Item = String> {
        keys.iter().map(|key| self.complete_key(key))
    }

    /// Returns complete keys without repetitions.
    pub(crate) fn different(&self, keys: &[String]) -> Vec<String> {
        let keys: BTreeSet<String> = self.complete(keys).collect();
        keys.into_iter().collect()
    }
}

/// Returns the store of the instance, and opens it if necessary.
fn opened<S: Store>() -> Result<Rc<S>, StoreError> {
    S::kept().with_borrow_mut(|kept| {
        if let Some(store) = kept {
            return Ok(Rc::clone(store));
        }
        let [first, second] = IDENTIFIERS;
        let store = match S::open(first) {
            Err(StoreError::NoSuchStore) => S::open(second),
            opened => opened,
        };
        Ok(Rc::clone(kept.insert(Rc::new(store?))))
    })
}

/// Refuses a TTL of 0, which is not the same as no TTL.
pub(crate) fn check_ttl(ttl_ms: Option<u64>) -> Result<(), BucketError> {
    if ttl_ms == Some(0) {
        return Err(BucketError::ZeroTtl);
    }
    Ok(())
}

/// Writes different keys in one call of the store, or in none if there are no entries.
pub(crate) fn write<S: Store>(store: &S, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError> {
    let written = match entries {
        [] => Ok(()),
        [(key, value)] => store.set(key, value),
        entries => store.set_many(entries),
    };
    written.map_err(StoreError::of_write)
}

/// Calls the store. A store that fails is opened again for the next call: its connection may be
/// gone for good.
pub(crate) fn ask<S: Store, T>(
    question: impl FnOnce(&S) -> Result<T, StoreError>,
) -> Result<T, BucketError> {
    let answer = question(&*opened::<S>()?);
    if matches!(
        answer,
        Err(StoreError::Other(_) | StoreError::OtherAtWrite(_) | StoreError::NoSuchStore)
    ) {
        S::kept().take();
    }
    Ok(answer?)
}

/// Keeps only the last value of a key that is written twice. Hosts may write in any order.
pub(crate) fn keep_last(entries: &mut Pairs) {
    let mut seen = BTreeSet::new();
    let mut last: Vec<bool> = entries
        .iter()
        .rev()
        .map(|(key, _)| seen.insert(key.clone()))
        .collect();
    entries.retain(|_| last.pop() == Some(true));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::Double;

    fn at(now: u64) -> impl Fn() -> u64 {
        move || now
    }

    fn installed() -> (Bucket<Double>, Double) {
        let store = Double::default();
        store.install("default");
        (Bucket::open("user").expect("it must open"), store)
    }

    fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
        texts.map(str::to_owned).into()
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Pairs {
        let owned = pairs.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
        owned.into()
    }

    fn value(text: &str, left: Option<u64>) -> Option<Held> {
        let value = text.as_bytes().to_vec();
        Some(Held::Value { value, left })
    }

    #[test]
    fn open_takes_the_first_store_that_there_is() {
        let (named, nameless) = (Double::default(), Double::default());
        nameless.install("");
        named.install("default");
        let bucket = Bucket::<Double>::open("user").expect("it must open");
        let written = bucket.set(pairs([("k", "v")]), None, at(0));
        assert_eq!(written, Ok(()));
        assert_eq!(named.raw("user:k"), Some(b"v".to_vec()));
        assert_eq!(nameless.raw("user:k"), None);
    }

    #[test]
    fn open_store_is_one_for_all_buckets_until_it_fails() {
        let (bucket, store) = installed();
        let another = Double::default();
        another.install("default");
        let second = Bucket::<Double>::open("other").expect("it must open");
        let written = second.set(pairs([("k", "v")]), None, at(0));
        assert_eq!(written, Ok(()));
        assert!(store.raw("other:k").is_some(), "nothing was opened again");
        store.fail();
        let failed = bucket.count(at(0));
        assert!(matches!(
            failed,
            Err(BucketError::Store(StoreError::Other(_)))
        ));
        assert_eq!(bucket.set(pairs([("k", "v")]), None, at(0)), Ok(()));
        assert!(another.raw("user:k").is_some(), "it was opened again");
    }

    #[test]
    fn open_without_a_name_or_a_store_is_an_error() {
        let nowhere = Bucket::<Double>::open("user").err();
        assert_eq!(nowhere, Some(BucketError::Store(StoreError::NoSuchStore)));
        let nameless = Bucket::<Double>::open("").err();
        assert_eq!(nameless, Some(BucketError::NoName));
    }

    #[test]
    fn get_keys_in_their_order_though_the_store_has_its_own() {
        let (bucket, store) = installed();
        store.put("user:a", b"1");
        store.put("user:b", b"2");
        for keys in [["b", "x", "a"], ["a", "b", "a"]] {
            let held = bucket.get(&strings(keys), at(0)).expect("it must be read");
            let expected = keys.map(|key| match key {
                "a" => value("1", None),
                "b" => value("2", None),
                _ => None,
            });
            assert_eq!(held, expected);
            assert_eq!(store.calls(), 1);
        }
        assert_eq!(bucket.get(&[], at(0)), Ok(vec![]));
        assert_eq!(store.calls(), 0, "no keys cost no call");
    }

    #[test]
    fn set_key_that_is_given_twice_holds_the_last_value() {
        let (bucket, store) = installed();
        let entries = pairs([("a", "1"), ("b", "2"), ("a", "3")]);
        assert_eq!(bucket.set(entries, None, at(0)), Ok(()));
        assert_eq!(store.raw("user:a"), Some(b"3".to_vec()));
        assert_eq!(store.raw("user:b"), Some(b"2".to_vec()));
        assert_eq!(store.calls(), 1);
        assert_eq!(bucket.set(vec![], None, at(0)), Ok(()));
        assert_eq!(store.calls(), 0);
    }

    #[test]
    fn set_with_a_ttl_of_0_is_refused() {
        let (bucket, store) = installed();
        let refused = bucket.set(pairs([("a", "1")]), Some(0), at(0));
        assert_eq!(refused, Err(BucketError::ZeroTtl));
        assert_eq!(store.raw("user:a"), None);
    }

    #[test]
    fn expired_keys_exist_only_in_the_store() {
        let (bucket, store) = installed();
        let written = bucket.set(pairs([("a", "1"), ("b", "2")]), Some(10), at(0));
        assert_eq!(written, Ok(()));
        store.put("user:c", b"3");
        let keys = strings(["a", "b", "c"]);
        for (now, live) in [(9, 3), (10, 1)] {
            assert_eq!(bucket.exists(&keys, at(now)), Ok(live), "{now}");
            assert_eq!(bucket.count(at(now)), Ok(live));
            let listed = bucket.scan(None, 10, at(now)).expect("it must be listed");
            assert_eq!(listed.keys.len() as u64, live);
        }
        assert_eq!(bucket.delete(&strings(["a", "a"]), at(10)), Ok(0));
        assert_eq!(store.raw("user:a"), None);
        assert_eq!(bucket.clear(at(10)), Ok(1));
        assert_eq!(store.raw("user:b"), None);
    }

    #[test]
    fn keys_beyond_one_call_are_read_in_several() {
        let (bucket, store) = installed();
        for key in 0..100 {
            store.put(&format!("user:{key}"), b"v");
        }
        assert_eq!(bucket.count(at(0)), Ok(100));
        assert_eq!(store.calls(), 1 + 4, "a page, and 32 values at once");
    }

    #[test]
    fn scan_with_a_foreign_cursor_is_an_error() {
        let (bucket, _) = installed();
        let listed = bucket.scan(Some("x"), 1, at(0));
        assert_eq!(listed, Err(BucketError::NotACursor));
    }
}
