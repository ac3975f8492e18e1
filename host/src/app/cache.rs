//! The functions of the interface `cache`, each once. They check an application's arguments against
//! its grant and leave the work to the driver.

use wasmtime::component::Resource;

use super::CacheCtxView;
use super::convert::{check_expiry, decode, encode, remaining_ttl};
use super::error::{Called, Returned};
use super::limits::too_large;
use super::open::OpenCache;
use crate::Error;
use crate::backend::Mentions;
use crate::bindings::exports::flipcache::cache::cache;
use crate::bindings::flipcache::cache::types::Value;
use crate::driver::Found;

type This = Resource<OpenCache>;

impl CacheCtxView<'_> {
    /// Returns the value of `get` if the local tier has it.
    #[inline]
    pub(super) fn hit(&mut self, this: &This, key: &str) -> Called<Option<Value>> {
        let open = self.table.get(this)?;
        let room = self.ctx.grant.limits().max_answer_bytes;
        let value = |wire: &[u8]| {
            if wire.len() > room {
                return Err(too_large(room));
            }
            decode(wire, open.value_type).ok_or_else(|| undecodable(key))
        };
        Ok(open.handle.local_hit(key, value).transpose()?)
    }

    /// Returns the result of `get` after [`hit`](Self::hit) has found nothing.
    pub(super) async fn miss(&mut self, this: &This, key: &str) -> Called<cache::Found> {
        let open = self.borrow(this)?;
        let found = open.handle.get(key).await?;
        let mut room = self.ctx.grant.limits().max_answer_bytes;
        let source = found.source.into();
        let value = self.value(found, &open, key, 1, &mut room)?;
        Ok(cache::Found { value, source })
    }

    pub(super) async fn get_many(
        &mut self,
        this: This,
        keys: Vec<String>,
    ) -> Called<Vec<Option<Value>>> {
        let open = self.borrow(&this)?;
        let limits = *self.ctx.grant.limits();
        limits.check_batch(keys.len())?;
        for key in &keys {
            open.check(key)?;
        }
        // A repeated key is read once. Its value counts once for each mention before it is copied.
        let mentions = Mentions::of(keys.iter().map(String::as_str));
        let distinct = mentions.last_of_each(keys.iter().map(String::as_str).collect());
        let mut counts = mentions.counts().iter();
        let mut room = limits.max_answer_bytes;
        let mut values = Vec::with_capacity(distinct.len());
        for keys in distinct.chunks(limits.keys_at_once()) {
            let found = open.handle.get_many(keys).await?;
            for ((found, key), count) in found.into_iter().zip(keys).zip(counts.by_ref()) {
                values.push(self.value(found, &open, key, *count, &mut room)?);
            }
        }
        for repeated in mentions.repetitions() {
            // An access like the first, but without a copy: it counts, and moves the entry under
            // LRU.
            let _ = open.handle.local_hit(&keys[repeated], |_| ());
        }
        Ok(mentions.spread(values))
    }

    pub(super) async fn set(
        &mut self,
        this: This,
        key: String,
        value: Value,
        expiry: cache::Expiry,
    ) -> Called<()> {
        self.set_many(this, vec![(key, value)], expiry).await
    }

    pub(super) async fn set_many(
        &mut self,
        this: This,
        entries: Vec<(String, Value)>,
        expiry: cache::Expiry,
    ) -> Called<()> {
        let open = self.borrow(&this)?;
        self.ctx.grant.limits().check_batch(entries.len())?;
        let expiry = check_expiry(expiry)?;
        let encode = |(key, value): (String, Value)| {
            let wire = self.wire(&open, &key, value)?;
            Ok((key, wire))
        };
        let entries = entries.into_iter().map(encode).collect::<Called<_>>()?;
        Ok(open.handle.set(entries, expiry).await?)
    }

    pub(super) async fn set_if_absent(
        &mut self,
        this: This,
        key: String,
        value: Value,
        expiry: cache::Expiry,
    ) -> Called<bool> {
        let open = self.borrow(&this)?;
        let expiry = check_expiry(expiry)?;
        let wire = self.wire(&open, &key, value)?;
        Ok(open.handle.set_if_absent(&key, wire, expiry).await?)
    }

    pub(super) async fn increment(&mut self, this: This, key: String, delta: i64) -> Called<i64> {
        Ok(self.borrow(&this)?.handle.increment(&key, delta).await?)
    }

    pub(super) async fn delete(&mut self, this: This, key: String) -> Called<bool> {
        Ok(self.delete_many(this, vec![key]).await? > 0)
    }

    pub(super) async fn delete_many(&mut self, this: This, keys: Vec<String>) -> Called<u64> {
        let open = self.borrow(&this)?;
        self.ctx.grant.limits().check_batch(keys.len())?;
        Ok(open.handle.delete(keys).await?)
    }

    pub(super) async fn contains(&mut self, this: This, key: String) -> Called<bool> {
        Ok(self.borrow(&this)?.handle.contains(&key).await?)
    }

    pub(super) async fn refresh(&mut self, this: This, key: String) -> Called<bool> {
        Ok(self.borrow(&this)?.handle.refresh(&key).await?)
    }

    pub(super) async fn ttl(&mut self, this: This, key: String) -> Called<Option<cache::Expiry>> {
        let ttl = self.borrow(&this)?.handle.ttl(&key).await?;
        Ok(ttl.map(remaining_ttl))
    }

    pub(super) async fn keys(
        &mut self,
        this: This,
        cursor: Option<String>,
        limit: u32,
    ) -> Called<cache::KeyPage> {
        let open = self.borrow(&this)?;
        let most = u32::try_from(self.ctx.grant.limits().max_batch).unwrap_or(u32::MAX);
        let page = open.handle.keys(cursor.as_deref(), limit.min(most)).await?;
        Ok(cache::KeyPage {
            keys: page.keys,
            cursor: page.cursor,
        })
    }

    pub(super) async fn len(&mut self, this: This) -> Called<u64> {
        Ok(self.borrow(&this)?.handle.len().await?)
    }

    pub(super) async fn clear(&mut self, this: This) -> Called<u64> {
        Ok(self.borrow(&this)?.handle.clear().await?)
    }

    pub(super) fn local_get(&mut self, this: This, key: String) -> Returned<Option<Value>> {
        let open = self.table.get(&this)?;
        let wire = open.handle.local_get(&key);
        let value = wire.and_then(|wire| decode(wire, open.value_type));
        Ok((value,))
    }

    pub(super) fn local_keys(&mut self, this: This) -> Returned<Vec<String>> {
        Ok((self.table.get(&this)?.handle.local_keys(),))
    }

    pub(super) fn local_clear(&mut self, this: This) -> wasmtime::Result<()> {
        self.table.get(&this)?.handle.local_clear();
        Ok(())
    }

    pub(super) fn stats(&mut self, this: This) -> Returned<cache::Stats> {
        Ok((self.table.get(&this)?.handle.stats().into(),))
    }

    /// Returns the value for the application, if `count` copies of it fit.
    fn value(
        &self,
        found: Found,
        open: &OpenCache,
        key: &str,
        count: usize,
        room: &mut usize,
    ) -> Called<Option<Value>> {
        let Some(wire) = found.wire else {
            return Ok(None);
        };
        let left = room.checked_sub(wire.len().saturating_mul(count));
        *room = left.ok_or_else(|| too_large(self.ctx.grant.limits().max_answer_bytes))?;
        let value = decode(wire, open.value_type);
        Ok(Some(value.ok_or_else(|| undecodable(key))?))
    }

    /// Encodes a value. Checks the key first, as the component does.
    fn wire(&self, open: &OpenCache, key: &str, value: Value) -> Called<Vec<u8>> {
        open.check(key)?;
        let wire = encode(value, open.value_type)?;
        self.ctx.grant.limits().check_value(wire.len())?;
        Ok(wire)
    }
}

fn undecodable(key: &str) -> Error {
    Error::Undecodable {
        key: key.to_owned(),
    }
}
