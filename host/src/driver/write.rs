//! Writes: L2 first, then the local tier, between the two halves of the core's fence. Each is a task
//! of its own.

use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use flipcache_core::{Expiry, Ticket, Value, ValueType, Write};
use tokio::time::Instant;

use super::{Handle, wrong_number};
use crate::Error;
use crate::backend::{Access, BackendError, Slot};
use crate::shard::Shard;

impl Handle {
    /// Writes entries in one call of the backend.
    pub(crate) async fn set(
        self: &Arc<Self>,
        entries: Vec<(String, Vec<u8>)>,
        expiry: Expiry,
    ) -> Result<(), Error> {
        let ttl = self.life(expiry)?;
        self.check(&entries)?;
        if entries.is_empty() {
            return Ok(());
        }
        let this = Arc::clone(self);
        self.finished_by(self.deadline_if(!self.hears()), async move {
            this.noted(this.hear().await)?;
            for (part, ttl) in this.resilience.spread(ttl, entries.len(), random()) {
                let happened = part.start > 0;
                let written = this.put(&entries[part], ttl).await;
                this.noted(written.map_err(|error| error.after_another_part(happened)))?;
            }
            Ok(())
        })
        .await
    }

    /// Writes entries that live equally long.
    async fn put(
        &self,
        entries: &[(String, Vec<u8>)],
        ttl: Option<Duration>,
    ) -> Result<(), BackendError> {
        let begun = self.begin(entries.iter().map(|(key, _)| key.as_str()));
        let driver = &self.driver;
        let written = driver.backend.set(&self.bucket, entries, ttl);
        let written = driver.call(Access::Write, written).await;
        let ended = entries.iter().map(|(key, wire)| {
            let written = written.as_ref().ok();
            (key.as_str(), written.map(|()| (wire.as_slice(), ttl)))
        });
        self.end(begun, ended);
        written
    }

    /// `true` if the value was written, `false` if the key was there.
    pub(crate) async fn set_if_absent(
        self: &Arc<Self>,
        key: &str,
        wire: Vec<u8>,
        expiry: Expiry,
    ) -> Result<bool, Error> {
        let ttl = self.life(expiry)?;
        let entries = vec![(key.to_owned(), wire)];
        self.check(&entries)?;
        let held = self.put_if_absent(entries, ttl).await?;
        Ok(held.iter().all(Option::is_none))
    }

    /// Adds to an integer. Keeps nothing: L2 does not say how long the key still lives.
    pub(crate) async fn increment(self: &Arc<Self>, key: &str, delta: i64) -> Result<i64, Error> {
        if self.options.value_type != ValueType::Integer {
            let holds = self.options.value_type.describe();
            return Err(Error::InvalidValue(format!(
                "the cache holds {holds}, not integers"
            )));
        }
        self.place(key)?;
        let (this, key) = (Arc::clone(self), key.to_owned());
        self.finished(async move {
            let ttl = this.resilience.shorten(this.options.ttl, random());
            let begun = this.begin([key.as_str()]);
            let driver = &this.driver;
            let sum = driver.backend.increment(&this.bucket, &key, delta, ttl);
            let sum = driver.call(Access::Write, sum).await;
            this.end(begun, [(key.as_str(), None)]);
            match sum {
                Err(error @ BackendError::Other(_)) => {
                    Err(this.why_no_sum(&key, delta, error).await)
                }
                sum => this.noted(sum),
            }
        })
        .await
    }

    /// Answers how many keys L2 had.
    pub(crate) async fn delete(self: &Arc<Self>, keys: Vec<String>) -> Result<u64, Error> {
        for key in &keys {
            self.place(key)?;
        }
        if keys.is_empty() {
            return Ok(0);
        }
        let this = Arc::clone(self);
        self.finished(async move {
            let begun = this.begin(keys.iter().map(String::as_str));
            let driver = &this.driver;
            let deleted = driver
                .call(Access::Write, driver.backend.delete(&this.bucket, &keys))
                .await;
            this.end(begun, keys.iter().map(|key| (key.as_str(), None)));
            this.noted(deleted)
        })
        .await
    }

    /// Deletes every key of the cache in both tiers, whether L2 then fails or not.
    pub(crate) async fn clear(self: &Arc<Self>) -> Result<u64, Error> {
        let this = Arc::clone(self);
        self.finished(async move {
            let driver = &this.driver;
            // Its own drops are no news to it.
            driver.tiers.clear_local(&this.opened);
            driver.tiers.invalidate_bucket(&this.name);
            let deleted = driver
                .call(Access::Write, driver.backend.clear(&this.bucket))
                .await;
            driver.tiers.invalidate_bucket(&this.name);
            this.tell_all();
            this.noted(deleted)
        })
        .await
    }

    /// Marks the entry as used and starts its TTL anew, where the cache has one.
    pub(crate) async fn refresh(self: &Arc<Self>, key: &str) -> Result<bool, Error> {
        let hash = self.place(key)?;
        let is_local = self.with_shard(hash, |shard| shard.touch(self.cache(), hash, key));
        let keys = [key.to_owned()];
        let driver = &self.driver;
        match self.options.ttl {
            None => {
                let count = driver
                    .call(Access::Read, driver.backend.exists(&self.bucket, &keys))
                    .await;
                Ok(self.noted(count)? > 0)
            }
            Some(ttl) if !is_local => {
                let this = Arc::clone(self);
                self.finished(async move { this.expire(keys, ttl).await })
                    .await
            }
            Some(ttl) => {
                let (this, key) = (Arc::clone(self), key.to_owned());
                self.finished(async move { this.prolong(hash, &key, ttl).await })
                    .await
            }
        }
    }

    /// Writes where keys are absent, and keeps what they hold then. Answers as the backend does:
    /// `None` where the value was written, else what was there.
    pub(super) async fn put_if_absent(
        self: &Arc<Self>,
        entries: Vec<(String, Vec<u8>)>,
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, Error> {
        self.put_if_absent_by(None, entries, ttl).await
    }

    /// The same, waited for until a deadline.
    pub(super) async fn put_if_absent_by(
        self: &Arc<Self>,
        until: Option<Instant>,
        entries: Vec<(String, Vec<u8>)>,
        ttl: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, Error> {
        let this = Arc::clone(self);
        let until = until.or_else(|| self.deadline_if(!self.hears()));
        self.finished_by(until, async move {
            this.noted(this.hear().await)?;
            let ttl = this.resilience.shorten(ttl, random());
            let begun = this.begin(entries.iter().map(|(key, _)| key.as_str()));
            let driver = &this.driver;
            let held = driver.backend.set_if_absent(&this.bucket, &entries, ttl);
            let held = driver
                .call(Access::Write, held)
                .await
                .and_then(|held| match held.len() {
                    answered if answered == entries.len() => Ok(held),
                    answered => Err(wrong_number(answered, entries.len())),
                });
            let ended = entries.iter().enumerate().map(|(at, (key, wire))| {
                let kept = match held.as_ref().ok().map(|held| &held[at]) {
                    Some(None) => Some((wire.as_slice(), ttl)),
                    Some(Some(Slot::Entry(entry))) => Some((entry.value.as_slice(), entry.ttl)),
                    _ => None,
                };
                (key.as_str(), kept)
            });
            this.end(begun, ended);
            this.noted(held)
        })
        .await
    }

    /// Gives a key its TTL anew in L2. A change by others that comes together with it goes untold, as if it
    /// were part of this: so it is a write.
    async fn expire(&self, key: [String; 1], ttl: Duration) -> Result<bool, Error> {
        let begun = self.begin(key.iter().map(String::as_str));
        let existed = self.driver.backend.expire(&self.bucket, &key, Some(ttl));
        let existed = self.driver.call(Access::Write, existed).await;
        self.end(begun, key.iter().map(|key| (key.as_str(), None)));
        Ok(self.noted(existed)? == [true])
    }

    /// Gives an entry of the local tier its TTL anew in both tiers. The command keeps the value, so
    /// it is a question too: what L2 answers is kept, as after a write.
    async fn prolong(&self, hash: u64, key: &str, ttl: Duration) -> Result<bool, Error> {
        self.noted(self.hear().await)?;
        let begun = self.begin([key]);
        let asked = self.ask_for_one(key, Some(ttl)).await;
        let kept = match &asked {
            Ok(Slot::Entry(entry)) => Some((entry.value.as_slice(), entry.ttl)),
            _ => None,
        };
        self.end(begun, [(key, kept)]);
        self.with_shard(hash, |shard| shard.touch(self.cache(), hash, key));
        match asked? {
            Slot::Absent => Ok(false),
            Slot::Entry(_) => Ok(true),
            Slot::WrongType => Err(Error::WrongType {
                key: key.to_owned(),
            }),
        }
    }

    /// The TTL that an expiry means here.
    fn life(&self, expiry: Expiry) -> Result<Option<Duration>, Error> {
        let millis = match expiry {
            Expiry::After(ttl) => u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX),
            Expiry::Inherit | Expiry::Never => 0,
        };
        let ttl = expiry.ttl(self.options.ttl);
        ttl.map_err(|_| Error::InvalidTtl { millis })
    }

    /// Checks all keys and values before anything is written.
    pub(super) fn check(&self, entries: &[(String, Vec<u8>)]) -> Result<(), Error> {
        entries.iter().try_for_each(|(key, wire)| {
            self.place(key)?;
            self.options.value_type.decode(wire).map_err(Error::from)?;
            Ok(())
        })
    }

    /// Before a call that writes these keys: the hash and the ticket of each.
    fn begin<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Vec<(u64, Ticket)> {
        let cache = self.cache();
        self.begin_with(keys, |shard, keys| shard.begin_writes(cache, keys))
    }

    /// The same, by another step of the shards that have the keys.
    pub(super) fn begin_with<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a str>,
        mut begin: impl FnMut(&mut dyn Shard, &[(u64, &str)]) -> Vec<Ticket>,
    ) -> Vec<(u64, Ticket)> {
        let keys: Vec<_> = keys.into_iter().map(|key| (self.hash(key), key)).collect();
        let mut begun: Vec<_> = keys.iter().map(|(hash, _)| (*hash, Ticket::VOID)).collect();
        self.tell_others(&keys);
        let tiers = &self.driver.tiers;
        tiers.with_each(&self.opened, &keys, |shard, indices| {
            let keys: Vec<_> = indices.iter().map(|at| keys[*at]).collect();
            let tickets = begin(shard, &keys);
            for (at, ticket) in indices.iter().zip(tickets) {
                begun[*at].1 = ticket;
            }
        });
        begun
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
        let keys: Vec<_> = writes.iter().map(|write| (write.hash, write.key)).collect();
        self.tell_others(&keys);
        let tiers = &self.driver.tiers;
        tiers.with_each(&self.opened, &keys, |shard, indices| {
            let writes: Vec<_> = indices.iter().map(|at| writes[*at]).collect();
            shard.end_writes(self.cache(), &writes);
        });
        self.tell_keys(keys.iter().map(|(_, key)| *key));
    }

    /// Caches in other shards may have the same complete keys.
    pub(super) fn tell_others(&self, keys: &[(u64, &str)]) {
        for (hash, key) in keys {
            let tiers = &self.driver.tiers;
            tiers.tell_elsewhere(&self.opened, *hash, &self.name, key, |shard, full_key| {
                shard.invalidate(*hash, full_key);
            });
        }
    }

    pub(super) fn is_readable(&self, wire: &[u8]) -> bool {
        self.options.value_type.decode(wire).is_ok()
    }

    /// Backends have one word for all that cannot be added to; the value tells which it was.
    async fn why_no_sum(&self, key: &str, delta: i64, error: BackendError) -> Error {
        let key = key.to_owned();
        match self.ask_for_one(&key, None).await {
            Err(error) => error,
            Ok(Slot::WrongType) => Error::WrongType { key },
            Ok(Slot::Entry(entry)) => match self.options.value_type.decode(&entry.value) {
                Err(_) => Error::Undecodable { key },
                Ok(Value::Integer(held)) if held.checked_add(delta).is_none() => {
                    Error::InvalidValue("the sum is beyond 64 bits".to_owned())
                }
                Ok(_) => error.into(),
            },
            Ok(Slot::Absent) => error.into(),
        }
    }
}

/// Random bits. The seeds of the standard library's maps are random, and each is another one.
pub(super) fn random() -> u32 {
    let bits = RandomState::new().hash_one(());
    u32::try_from(bits >> 32).unwrap_or_default()
}
