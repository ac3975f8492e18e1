//! Writes: L2 first, then the local tier, between the two halves of the core's fence.

use std::time::Duration;

use flipcache_core::{Expiry as CoreExpiry, Ticket, Value as CoreValue, ValueType, Write};

use super::{Driver, wrong_number};
use crate::bindings::exports::flipcache::cache::cache::{Error, Expiry};
use crate::bindings::flipcache::cache::kv_backend::Slot;
use crate::bindings::flipcache::cache::types::{BackendError, Value};
use crate::convert::to_millis;
use crate::state::{clock, random, with_shard};

impl Driver {
    pub(crate) fn set(&self, entries: Vec<(String, Value)>, expiry: Expiry) -> Result<(), Error> {
        let ttl = self.life(expiry)?;
        let entries = self.encode(entries)?;
        let mut parts = self.resilience.spread(ttl, entries.len(), random());
        parts.try_for_each(|(part, ttl)| {
            let is_first = part.start == 0;
            self.put(&entries[part], ttl).map_err(|error| match error {
                Error::Backend(BackendError::Unavailable(why)) if !is_first => {
                    Error::Backend(BackendError::OutcomeUnknown(why))
                }
                error => error,
            })
        })
    }

    /// Writes entries that live equally long.
    fn put(&self, entries: &[(String, Vec<u8>)], ttl: Option<Duration>) -> Result<(), Error> {
        let begun = self.begin(entries.iter().map(|(key, _)| key.as_str()));
        let written = self.noted(self.bucket.set(entries, ttl.map(to_millis)));
        let ended = entries.iter().map(|(key, wire)| {
            let written = written.as_ref().ok();
            (key.as_str(), written.map(|()| (wire.as_slice(), ttl)))
        });
        self.end(begun, ended);
        written
    }

    /// `true` if the value was written, `false` if the key was there.
    pub(crate) fn set_if_absent(
        &self,
        key: String,
        value: Value,
        expiry: Expiry,
    ) -> Result<bool, Error> {
        let ttl = self.life(expiry)?;
        let entries = self.encode(vec![(key, value)])?;
        let held = self.put_if_absent(entries, ttl)?;
        Ok(held.iter().all(Option::is_none))
    }

    /// Adds to an integer. Keeps nothing: L2 does not say how long the key still lives.
    pub(crate) fn increment(&self, key: String, delta: i64) -> Result<i64, Error> {
        if self.options.value_type != ValueType::Integer {
            let holds = self.options.value_type.describe();
            return Err(Error::InvalidValue(format!(
                "the cache holds {holds}, not integers"
            )));
        }
        self.place(&key)?;
        let ttl = self.resilience.shorten(self.options.ttl, random());
        let begun = self.begin([key.as_str()]);
        let sum = self.bucket.increment(&key, delta, ttl.map(to_millis));
        self.end(begun, [(key.as_str(), None)]);
        match sum {
            Err(BackendError::Other(message)) => Err(self.why_no_sum(key, delta, message)),
            sum => self.noted(sum),
        }
    }

    /// Answers how many keys L2 had.
    pub(crate) fn delete(&self, keys: Vec<String>) -> Result<u64, Error> {
        for key in &keys {
            self.place(key)?;
        }
        if keys.is_empty() {
            return Ok(0);
        }
        let begun = self.begin(keys.iter().map(String::as_str));
        let deleted = self.noted(self.bucket.delete(&keys));
        self.end(begun, keys.iter().map(|key| (key.as_str(), None)));
        deleted
    }

    /// Deletes every key of the cache in both tiers, whether L2 then fails or not.
    pub(crate) fn clear(&self) -> Result<u64, Error> {
        // Its own drops are no news to it.
        with_shard(|shard| shard.clear_local(self.cache));
        with_shard(|shard| shard.invalidate_bucket(&self.name));
        let deleted = self.noted(self.bucket.clear());
        with_shard(|shard| shard.invalidate_bucket(&self.name));
        deleted
    }

    /// Writes where keys are absent, and keeps what they hold then. Answers as the backend does:
    /// `None` where the value was written, else what was there.
    pub(super) fn put_if_absent(
        &self,
        entries: Vec<(String, Vec<u8>)>,
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, Error> {
        let ttl = self.resilience.shorten(ttl, random());
        let begun = self.begin(entries.iter().map(|(key, _)| key.as_str()));
        let asked = self.noted(self.bucket.set_if_absent(&entries, ttl.map(to_millis)));
        let asked = asked.and_then(|held| match held.len() {
            answered if answered == entries.len() => Ok(held),
            answered => Err(wrong_number(answered, entries.len())),
        });
        let ended = entries.iter().enumerate().map(|(at, (key, wire))| {
            let held = asked.as_ref().ok().map(|held| &held[at]);
            let kept = match held {
                Some(None) => Some((wire.as_slice(), ttl)),
                Some(Some(Slot::Entry(entry))) => {
                    let ttl = entry.ttl_ms.map(Duration::from_millis);
                    Some((entry.value.as_slice(), ttl))
                }
                _ => None,
            };
            (key.as_str(), kept)
        });
        self.end(begun, ended);
        asked
    }

    /// The TTL that an expiry means here.
    fn life(&self, expiry: Expiry) -> Result<Option<Duration>, Error> {
        let asked_for = match expiry {
            Expiry::AfterMs(millis) => millis,
            Expiry::Inherit | Expiry::Never => 0,
        };
        let ttl = CoreExpiry::from(expiry).ttl(self.options.ttl);
        ttl.map_err(|_| Error::InvalidTtl(asked_for))
    }

    /// Checks all keys and values before anything is written.
    fn encode(&self, entries: Vec<(String, Value)>) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let encode = |(key, value): (String, Value)| {
            self.place(&key)?;
            let value = flipcache_core::Value::from(value);
            let wire = value.encode(self.options.value_type)?.into_owned();
            Ok((key, wire))
        };
        entries.into_iter().map(encode).collect()
    }

    /// Before a call that writes these keys.
    pub(super) fn begin<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Vec<(u64, Ticket)> {
        self.listen();
        let keys: Vec<_> = keys
            .into_iter()
            .map(|key| (self.seed.hash(key), key))
            .collect();
        let tickets = with_shard(|shard| shard.begin_writes(self.cache, &keys, &clock));
        let hashes = keys.into_iter().map(|(hash, _)| hash);
        hashes.zip(tickets).collect()
    }

    /// After it: the same keys, each with what L2 holds now.
    pub(super) fn end<'a>(
        &self,
        begun: Vec<(u64, Ticket)>,
        ended: impl IntoIterator<Item = (&'a str, Option<(&'a [u8], Option<Duration>)>)>,
    ) {
        let writes = begun
            .into_iter()
            .zip(ended)
            .map(|((hash, ticket), (key, written))| Write {
                hash,
                key,
                ticket,
                written,
            });
        let writes: Vec<_> = writes.collect();
        with_shard(|shard| shard.end_writes(self.cache, &writes));
    }

    /// Backends have one word for all that cannot be added to; the value tells which it was.
    fn why_no_sum(&self, key: String, delta: i64, message: String) -> Error {
        let failed = Error::Backend(BackendError::Other(message));
        match self.ask_for_one(&key, None) {
            Err(error) => error,
            Ok(Slot::WrongType) => Error::WrongType(key),
            Ok(Slot::Entry(entry)) => match self.options.value_type.decode(&entry.value) {
                Err(_) => Error::Undecodable(key),
                Ok(CoreValue::Integer(held)) if held.checked_add(delta).is_none() => {
                    Error::InvalidValue("the sum is beyond 64 bits".to_owned())
                }
                Ok(_) => failed,
            },
            Ok(Slot::Absent) => failed,
        }
    }
}
