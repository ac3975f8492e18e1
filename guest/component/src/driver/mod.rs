//! The blocking driver: carries the questions of the core to the imported `kv-backend` and brings
//! the answers back, one call at a time.

mod fallback;
mod news;
mod read;
mod write;

use std::time::Duration;

use flipcache_core as core;

use crate::bindings::exports::flipcache::cache::cache::{Error, Expiry, KeyPage};
use crate::bindings::flipcache::cache::kv_backend::{Bucket, Slot};
use crate::bindings::flipcache::cache::types::{BackendError, Value};
use crate::convert::{answer, to_millis};
use crate::state::{clock, close, open, seed, with_shard};
use news::Asked;

/// One handle of a cache.
pub(crate) struct Driver {
    cache: core::CacheId,
    name: String,
    options: core::Options,
    resilience: core::Resilience,
    seed: core::KeySeed,
    bucket: Bucket,
    asked: Asked,
}

impl Driver {
    pub(crate) fn open(
        name: &str,
        options: core::Options,
        resilience: core::Resilience,
    ) -> Result<Self, Error> {
        resilience.check()?;
        let cache = open(name, &options, &resilience)?;
        let bucket = Bucket::open(name).map_err(|error| {
            close(cache);
            match error {
                BackendError::AccessDenied(message) => Error::Denied(message),
                error => error.into(),
            }
        })?;
        Ok(Self {
            cache,
            name: name.to_owned(),
            options,
            resilience,
            seed: seed().of_cache(name),
            bucket,
            asked: Asked::never(resilience.max_staleness),
        })
    }

    /// Whether either tier has the key. No use, and fills nothing.
    pub(crate) fn contains(&self, key: String) -> Result<bool, Error> {
        let hash = self.place(&key)?;
        let is_local = || with_shard(|shard| shard.peek(self.cache, hash, &key, &clock).is_some());
        if self.catch_up() && is_local() {
            return Ok(true);
        }
        let count = self.noted(self.bucket.exists(&[key]))?;
        Ok(count > 0)
    }

    /// Marks the entry as used and starts its TTL anew, where the cache has one.
    pub(crate) fn refresh(&self, key: String) -> Result<bool, Error> {
        let hash = self.place(&key)?;
        let is_local = with_shard(|shard| shard.touch(self.cache, hash, &key, &clock));
        match self.options.ttl {
            None => Ok(self.noted(self.bucket.exists(&[key]))? > 0),
            Some(ttl) if !is_local => {
                // A change by others that comes together with it goes untold, as if it were part of this: so
                // it is a write.
                let begun = self.begin([key.as_str()]);
                let keys = [key];
                let existed = self.noted(self.bucket.expire(&keys, Some(to_millis(ttl))));
                self.end(begun, keys.iter().map(|key| (key.as_str(), None)));
                Ok(existed? == [true])
            }
            Some(ttl) => self.prolong(hash, &key, to_millis(ttl)),
        }
    }

    /// What is left of the entry's life, by the local tier if it has it, else by L2.
    pub(crate) fn ttl(&self, key: String) -> Result<Option<Expiry>, Error> {
        let hash = self.place(&key)?;
        let local = || with_shard(|shard| shard.remaining(self.cache, hash, &key, &clock));
        if self.catch_up()
            && let Some(remaining) = local()
        {
            let expiry = |ttl| Expiry::AfterMs(to_millis(ttl).max(1));
            return Ok(Some(remaining.map_or(Expiry::Never, expiry)));
        }
        match self.ask_for_one(&key, None)? {
            Slot::Absent => Ok(None),
            Slot::WrongType => Err(Error::WrongType(key)),
            Slot::Entry(entry) => Ok(Some(entry.ttl_ms.map_or(Expiry::Never, Expiry::AfterMs))),
        }
    }

    /// A page of the keys that L2 holds. What is no key of this cache's type is another's.
    pub(crate) fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<KeyPage, Error> {
        let mut page = self.noted(self.bucket.scan(cursor, limit))?;
        page.keys
            .retain(|key| self.options.key_type.check(key).is_ok());
        Ok(KeyPage {
            keys: page.keys,
            cursor: page.cursor,
        })
    }

    pub(crate) fn len(&self) -> Result<u64, Error> {
        self.noted(self.bucket.count())
    }

    pub(crate) fn local_get(&self, key: &str) -> Option<Value> {
        let hash = self.place(key).ok()?;
        let value = with_shard(|shard| {
            let wire = shard.peek(self.cache, hash, key, &clock)?;
            self.options.value_type.decode(wire).ok()
        });
        value.map(Into::into)
    }

    pub(crate) fn local_keys(&self) -> Vec<String> {
        with_shard(|shard| shard.local_keys(self.cache, &clock))
    }

    pub(crate) fn local_clear(&self) {
        with_shard(|shard| shard.clear_local(self.cache));
    }

    pub(crate) fn stats(&self) -> core::Stats {
        with_shard(|shard| shard.stats(self.cache))
    }

    /// Checks a key; answers the hash of the complete one.
    fn place(&self, key: &str) -> Result<u64, Error> {
        match self.options.key_type.check(key) {
            Ok(()) => Ok(self.seed.hash(key)),
            Err(core::InvalidKey::NotAnInteger) => Err(Error::InvalidKey(key.to_owned())),
            Err(core::InvalidKey::TooLong) => Err(Error::TooLarge(core::MAX_KEY_BYTES as u64)),
        }
    }

    /// Gives an entry of the local tier its TTL anew in both tiers. The command keeps the value, so
    /// it is a question too: what L2 answers is kept, as after a write.
    fn prolong(&self, hash: u64, key: &str, ttl_ms: u64) -> Result<bool, Error> {
        let begun = self.begin([key]);
        let asked = self.ask_for_one(key, Some(ttl_ms));
        let kept = match asked.as_ref().map(|slot| answer(slot, Duration::ZERO)) {
            Ok(core::BackendReply::Entry { value, ttl }) => Some((value, ttl)),
            _ => None,
        };
        self.end(begun, [(key, kept)]);
        with_shard(|shard| shard.touch(self.cache, hash, key, &clock));
        match asked? {
            Slot::Absent => Ok(false),
            Slot::Entry(_) => Ok(true),
            Slot::WrongType => Err(Error::WrongType(key.to_owned())),
        }
    }

    fn ask_for_one(&self, key: &str, new_ttl_ms: Option<u64>) -> Result<Slot, Error> {
        let keys = [key.to_owned()];
        let slots = self.noted(self.bucket.get(&keys, new_ttl_ms))?;
        let [slot] = exactly(slots)?;
        Ok(slot)
    }

    /// Counts a failure of L2.
    fn noted<T>(&self, result: Result<T, BackendError>) -> Result<T, Error> {
        result.map_err(|error| {
            with_shard(|shard| shard.failed(self.cache));
            error.into()
        })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        close(self.cache);
    }
}

/// As many answers as were asked for. A host that gives another number is at fault, and must not
/// bring one key's answer to another.
fn exactly<T, const N: usize>(answers: Vec<T>) -> Result<[T; N], Error> {
    answers
        .try_into()
        .map_err(|answers: Vec<T>| wrong_number(answers.len(), N))
}

fn wrong_number(answered: usize, asked: usize) -> Error {
    let message = format!("{answered} answers to {asked} questions");
    Error::Backend(BackendError::Other(message))
}
