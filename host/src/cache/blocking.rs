//! The blocking interface of a cache: each method waits for the asynchronous one.

use std::error::Error as StdError;
use std::time::Duration;

use flipcache_core::Expiry;
use futures_util::StreamExt;

use super::{Cache, Codec, Integer, Keys};
use crate::io::wait as block_on;
use crate::{Error, Found};

/// A [`Cache`] whose methods block the calling thread.
///
/// On a worker of a multi-threaded tokio runtime, the worker's other tasks move to another thread
/// meanwhile. On the thread of a current-thread runtime they are held up.
///
/// # Examples
///
/// ```
/// let client = flipcache::Client::connect("memory:")?;
/// let cache = client.cache("name").open()?.blocking();
/// cache.set("1", "Ada")?;
/// assert_eq!(cache.get("1")?.as_deref(), Some("Ada"));
/// # Ok::<(), flipcache::Error>(())
/// ```
#[derive(Debug)]
pub struct Blocking<C: Codec, K: Keys>(Cache<C, K>);

/// Defines methods that wait for the asynchronous ones of the same name.
macro_rules! wait_for {
    ($($(#[$doc:meta])* fn $name:ident(&self $(, $arg:ident: $type:ty)*) -> $output:ty;)*) => {
        $(
            $(#[$doc])*
            ///
            /// # Errors
            ///
            /// As the method of [`Cache`].
            pub fn $name(&self $(, $arg: $type)*) -> Result<$output, Error> {
                block_on(self.0.$name($($arg),*))
            }
        )*
    };
}

impl<C: Codec, K: Keys> Clone for Blocking<C, K> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<C: Codec, K: Keys> Blocking<C, K> {
    pub(super) fn new(cache: Cache<C, K>) -> Self {
        Self(cache)
    }

    /// Returns the asynchronous interface of the same cache.
    pub fn cache(&self) -> &Cache<C, K> {
        &self.0
    }

    wait_for! {
        /// See [`Cache::get`].
        fn get(&self, key: K::Key<'_>) -> Option<C::Value>;
        /// See [`Cache::get_detailed`].
        fn get_detailed(&self, key: K::Key<'_>) -> Found<C::Value>;
        /// See [`Cache::set`].
        fn set(&self, key: K::Key<'_>, value: &C::Borrowed) -> ();
        /// See [`Cache::set_with_ttl`].
        fn set_with_ttl(&self, key: K::Key<'_>, value: &C::Borrowed, ttl: Duration) -> ();
        /// See [`Cache::set_with`].
        fn set_with(&self, key: K::Key<'_>, value: &C::Borrowed, expiry: Expiry) -> ();
        /// See [`Cache::set_if_absent`].
        fn set_if_absent(&self, key: K::Key<'_>, value: &C::Borrowed) -> bool;
        /// See [`Cache::delete`].
        fn delete(&self, key: K::Key<'_>) -> bool;
        /// See [`Cache::contains`].
        fn contains(&self, key: K::Key<'_>) -> bool;
        /// See [`Cache::refresh`].
        fn refresh(&self, key: K::Key<'_>) -> bool;
        /// See [`Cache::ttl`].
        fn ttl(&self, key: K::Key<'_>) -> Option<Expiry>;
        /// See [`Cache::len`].
        fn len(&self) -> u64;
        /// See [`Cache::is_empty`].
        fn is_empty(&self) -> bool;
        /// See [`Cache::clear`].
        fn clear(&self) -> u64;
    }

    /// See [`Cache::get_many`].
    ///
    /// # Errors
    ///
    /// As the method of [`Cache`].
    pub fn get_many<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<Vec<Option<C::Value>>, Error> {
        block_on(self.0.get_many(keys))
    }

    /// See [`Cache::get_many_detailed`].
    ///
    /// # Errors
    ///
    /// As the method of [`Cache`].
    pub fn get_many_detailed<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<Vec<Found<C::Value>>, Error> {
        block_on(self.0.get_many_detailed(keys))
    }

    /// See [`Cache::set_many`].
    ///
    /// # Errors
    ///
    /// As the method of [`Cache`].
    pub fn set_many<'a>(
        &self,
        entries: impl IntoIterator<Item = (K::Key<'a>, &'a C::Borrowed)>,
    ) -> Result<(), Error> {
        block_on(self.0.set_many(entries))
    }

    /// See [`Cache::delete_many`].
    ///
    /// # Errors
    ///
    /// As the method of [`Cache`].
    pub fn delete_many<'k>(
        &self,
        keys: impl IntoIterator<Item = K::Key<'k>>,
    ) -> Result<u64, Error> {
        block_on(self.0.delete_many(keys))
    }

    /// See [`Cache::get_or_insert_with`]; the loader runs on a thread for blocking work.
    ///
    /// # Errors
    ///
    /// As the method of [`Cache`].
    pub fn get_or_insert_with<F, E>(&self, key: K::Key<'_>, load: F) -> Result<C::Value, Error>
    where
        F: FnOnce() -> Result<C::Value, E> + Send + 'static,
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        let load = || async {
            let loaded = tokio::task::spawn_blocking(|| load().map_err(Into::into)).await;
            loaded.unwrap_or_else(|ended| Err(Box::from(ended)))
        };
        let loaded = self
            .0
            .get_or_insert_with::<_, _, Box<dyn StdError + Send + Sync>>(key, load);
        block_on(loaded)
    }

    /// Returns the keys of [`Cache::keys`]. Pages are read as the iterator advances.
    pub fn keys(&self) -> impl Iterator<Item = Result<K::Owned, Error>> + use<C, K> {
        let mut keys = Box::pin(self.0.keys());
        std::iter::from_fn(move || block_on(keys.next()))
    }
}

impl<T, K: Keys> Blocking<Integer<T>, K>
where
    Integer<T>: Codec,
{
    wait_for! {
        /// See [`Cache::increment`].
        fn increment(&self, key: K::Key<'_>, delta: i64) -> i64;
    }
}
