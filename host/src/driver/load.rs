//! Loaders of missing values: once per key, however many callers wait.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flipcache_core::{CacheId, Expiry};
use tokio::sync::oneshot;

use super::Handle;
use crate::backend::{Slot, describe};
use crate::{Error, Source};

/// What became of a load, for all who wait for it.
type Loaded = Result<Vec<u8>, Arc<Error>>;

type LoadKey = (CacheId, String);

/// Loads under way, each with those who wait for it.
#[derive(Default)]
pub(super) struct Loads {
    by_key: Mutex<HashMap<LoadKey, Vec<oneshot::Sender<Loaded>>>>,
}

impl Loads {
    fn lock(&self) -> MutexGuard<'_, HashMap<LoadKey, Vec<oneshot::Sender<Loaded>>>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// Returns the value of a key. If it is in neither tier, returns the wire form that `load`
    /// gives, once that is written if the key is still absent; if another client wrote the key
    /// meanwhile, returns that value.
    ///
    /// A loaded value that cannot be stored is returned all the same: to the callers, a cache that
    /// cannot store is no reason to lose it. A line in the log says so, and the next call loads
    /// again.
    ///
    /// The loader of whoever comes first runs, as a task; the others wait for it. An entry that ends within
    /// `ahead` answers, and is loaded anew meanwhile.
    pub(crate) async fn get_or_load<F>(
        self: &Arc<Self>,
        key: &str,
        ahead: Duration,
        load: F,
    ) -> Result<Vec<u8>, Error>
    where
        F: Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
    {
        let found = self.get_without_default(key, None).await?;
        if let Some(wire) = found.wire {
            if !ahead.is_zero() && found.source == Source::Local {
                self.refresh_ahead(key, ahead, load);
            }
            return Ok(wire);
        }
        let (seat, loaded) = oneshot::channel();
        let load_key = (self.cache(), key.to_owned());
        let is_first = {
            let mut loads = self.driver.loads.lock();
            let waiting = loads.entry(load_key.clone()).or_default();
            waiting.push(seat);
            waiting.len() == 1
        };
        if is_first {
            let under_way = UnderWay {
                handle: Arc::clone(self),
                load_key,
                is_over: false,
            };
            self.driver.runtime.spawn(under_way.run(load));
        }
        let loaded = loaded.await.map_err(|_| Error::TaskCancelled)?;
        loaded.map_err(|error| shared(&error))
    }
}

/// A load whose waiters are told even if its loader panics: dropping it drops their seats.
struct UnderWay {
    handle: Arc<Handle>,
    load_key: LoadKey,
    /// Its waiters have been told; under its key there may be the next one.
    is_over: bool,
}

impl UnderWay {
    async fn run(mut self, load: impl Future<Output = Result<Vec<u8>, Error>>) {
        let loaded = self.load(load).await.map_err(Arc::new);
        let waiting = self.handle.driver.loads.lock().remove(&self.load_key);
        self.is_over = true;
        for seat in waiting.unwrap_or_default() {
            // Whoever has gone away meanwhile does not need it.
            let _ = seat.send(loaded.clone());
        }
    }

    async fn load(
        &self,
        load: impl Future<Output = Result<Vec<u8>, Error>>,
    ) -> Result<Vec<u8>, Error> {
        let (_, key) = &self.load_key;
        // Somebody may have loaded it between the miss and this.
        if let Some(wire) = self.handle.get_without_default(key, None).await?.wire {
            return Ok(wire);
        }
        let wire = load.await?;
        Ok(match self.store(key, wire.clone()).await {
            Ok(held) => held.unwrap_or(wire),
            Err(error) => {
                let (cache, error) = (&self.handle.name, describe(&error));
                tracing::warn!(cache, error, "cannot store a loaded value");
                wire
            }
        })
    }

    /// Writes a loaded value if the key is still absent. Returns the value that the key holds
    /// instead, if it holds one.
    async fn store(&self, key: &str, wire: Vec<u8>) -> Result<Option<Vec<u8>>, Error> {
        let ttl = Expiry::Inherit.ttl(self.handle.options.ttl);
        let ttl = ttl.map_err(|_| Error::InvalidTtl { millis: 0 })?;
        let entries = vec![(key.to_owned(), wire)];
        self.handle.check(&entries)?;
        let held = self.handle.put_if_absent(entries, ttl).await?;
        match held.into_iter().next().flatten() {
            None | Some(Slot::Absent) => Ok(None),
            Some(Slot::WrongType) => Err(Error::WrongType {
                key: key.to_owned(),
            }),
            Some(Slot::Entry(entry)) if self.handle.is_readable(&entry.value) => {
                Ok(Some(entry.value))
            }
            Some(Slot::Entry(_)) => Err(Error::Undecodable {
                key: key.to_owned(),
            }),
        }
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if !self.is_over {
            self.handle.driver.loads.lock().remove(&self.load_key);
        }
    }
}

/// One error for each of those who wait.
fn shared(error: &Arc<Error>) -> Error {
    match &**error {
        Error::Backend(error) => Error::Backend(error.again()),
        Error::Loader(why) => Error::Loader(Arc::clone(why)),
        Error::Undecodable { key } => Error::Undecodable { key: key.clone() },
        Error::WrongType { key } => Error::WrongType { key: key.clone() },
        Error::InvalidValue(why) => Error::InvalidValue(why.clone()),
        _ => Error::Loader(Arc::clone(error) as Arc<dyn StdError + Send + Sync>),
    }
}
