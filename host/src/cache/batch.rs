//! Many keys at once.

use flipcache_core::Expiry;

use super::{Cache, Codec, Key, Keys, codec};
use crate::{Error, Found};

impl<C: Codec, K: Keys> Cache<C, K> {
    /// Reads many keys: one slot per key, in the order of `keys`. Costs at most one round trip, two
    /// where defaults are stored.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get). If one key fails, the whole call fails.
    pub async fn get_many<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<Vec<Option<C::Value>>, Error> {
        let keys: Vec<_> = keys.into_iter().map(Key::text).collect();
        let found = self.handle.get_many(&keys).await?;
        let values = found.into_iter().zip(&keys).map(|(found, key)| {
            let value = found.wire.map(|wire| self.decode(key, wire));
            value.transpose()
        });
        values.collect()
    }

    /// As [`get_many`](Self::get_many), and returns where each value came from.
    ///
    /// # Errors
    ///
    /// As [`get_many`](Self::get_many).
    pub async fn get_many_detailed<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<Vec<Found<C::Value>>, Error> {
        let keys: Vec<_> = keys.into_iter().map(Key::text).collect();
        let found = self.handle.get_many(&keys).await?;
        let found = found.into_iter().zip(&keys).map(|(found, key)| {
            let value = found.wire.map(|wire| self.decode(key, wire));
            Ok(Found {
                value: value.transpose()?,
                source: found.source,
            })
        });
        found.collect()
    }

    /// Writes entries in one round trip, or in up to eight if TTLs are
    /// [jittered](crate::Resilience::ttl_jitter_percent).
    ///
    /// Not atomic: after an error of L2 any subset may have been written. If a key or value is not
    /// valid, nothing is written.
    ///
    /// # Errors
    ///
    /// As [`set`](Self::set).
    pub async fn set_many<'a>(
        &self,
        entries: impl IntoIterator<Item = (K::Key<'a>, &'a C::Borrowed)>,
    ) -> Result<(), Error> {
        let encode = |(key, value): (K::Key<'a>, &'a C::Borrowed)| {
            let key = key.text().into_owned();
            let wire = codec::to_wire(&*self.codec, &key, value)?;
            Ok((key, wire))
        };
        let entries = entries
            .into_iter()
            .map(encode)
            .collect::<Result<_, Error>>()?;
        self.handle.set(entries, Expiry::Inherit).await
    }

    /// Deletes keys in both tiers. Returns how many of them L2 had.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn delete_many<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<u64, Error> {
        let keys = keys.into_iter().map(|key| key.text().into_owned());
        self.handle.delete(keys.collect()).await
    }
}
