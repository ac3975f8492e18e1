//! The concurrent driver: carries the core's questions to a backend and brings the answers back, any
//! number at a time, with no lock held meanwhile.
//!
//! # Layout
//!
//! - `tiers`: the local tiers, in shards behind locks that are held for no longer than one step of the core.
//! - `flight`: questions in the air, each shared by all who ask it; `departure`: those that leave together;
//!   `pilot`: those that need no task.
//! - `coherence`: what others change, and whether it is heard.
//! - `read`, `write`, `load`: what a [`Handle`] does; `fallback`: what a read answers where L2 has nothing, or
//!   fails; `ahead`: entries that are loaded anew before they end.
//!
//! It decides nothing that the core can decide; the blocking driver in `guest/component` is its
//! counterpart, for one call at a time.

mod ahead;
mod coherence;
mod departure;
mod fallback;
mod flight;
mod load;
mod pilot;
mod read;
mod tiers;
mod write;

use std::future::poll_fn;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flipcache_core::{CacheId, Expiry, Options, Resilience, Stats, Ticket};
use futures_util::FutureExt;
use tokio::runtime::Handle as Runtime;
use tokio::time::Instant;
use tracing::Instrument;

use crate::Error;
use crate::backend::time::{deadline_after, within};
use crate::backend::{
    Access, BackendError, Bucket, InvalidCursor, KvBackend, Listener, Member, Page, Slot,
};
use crate::metrics::{self, Published};
use crate::shard::Shard;
use departure::Lounge;
use flight::Flights;
use load::Loads;
pub(crate) use read::Found;
use tiers::Opened;
pub(crate) use tiers::{Locked, Tiers};

/// What all caches of one client share.
pub(crate) struct Driver {
    backend: Arc<dyn KvBackend>,
    runtime: Runtime,
    tiers: Arc<Tiers>,
    /// Its place among those who write through the backend.
    member: Member,
    flights: Flights,
    loads: Loads,
    /// What of the caches has been published.
    ledger: Mutex<Published>,
}

/// One opening of a cache. Values are wire forms.
pub(crate) struct Handle {
    driver: Arc<Driver>,
    opened: Opened,
    name: String,
    bucket: Bucket,
    /// What is listened to on its behalf.
    heard: Bucket,
    options: Options,
    resilience: Resilience,
    /// What a read of an absent key answers.
    default: Option<Vec<u8>>,
    lounge: Lounge,
    /// Whether changes in the bucket have begun to be heard.
    hears: AtomicBool,
}

impl Driver {
    pub(crate) fn new(backend: Arc<dyn KvBackend>, runtime: Runtime, tiers: Tiers) -> Self {
        let tiers = Arc::new(tiers);
        let listener: Arc<dyn Listener> = tiers.clone();
        Self {
            member: Member::listening(backend.feed(), &listener),
            backend,
            runtime,
            tiers,
            flights: Flights::default(),
            loads: Loads::default(),
            ledger: Mutex::default(),
        }
    }

    /// Tells the recorder of metrics what the caches have done, and how things stand with the backend.
    pub(crate) fn publish(&self) {
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        let all = self.tiers.stats_of_all();
        ledger.retain(all.iter().map(|(name, _)| &**name));
        for (name, stats) in all {
            ledger.publish(&name, stats);
        }
        drop(ledger);
        metrics::backend_state(self.backend.system(), &self.backend_state());
    }

    /// Runs a call of the backend within the client's runtime, in whichever runtime it is polled. If the backend panics, the call
    /// has failed.
    async fn call<T>(
        &self,
        access: Access,
        call: impl Future<Output = Result<T, BackendError>>,
    ) -> Result<T, BackendError> {
        let mut call = pin!(AssertUnwindSafe(call).catch_unwind());
        let caught = poll_fn(|context| {
            let _entered = self.runtime.enter();
            call.as_mut().poll(context)
        });
        let caught = caught.await;
        caught.unwrap_or_else(|_| Err(access.ended("the backend panicked")))
    }
}

impl Handle {
    /// Opens a cache; `default` is what a read of an absent key answers, in wire form. `within` is
    /// the tenant whose the name is, if it is one's.
    pub(crate) fn open(
        driver: Arc<Driver>,
        name: &str,
        within: Option<&str>,
        options: Options,
        resilience: Resilience,
        default: Option<Vec<u8>>,
    ) -> Result<Arc<Self>, Error> {
        resilience.check()?;
        if resilience.max_staleness.is_some() && !driver.member.has_feed() {
            let why = "resilience: the store does not tell of changes";
            return Err(Error::InvalidOptions(why.to_owned()));
        }
        let bucket =
            |name| Bucket::new(name).map_err(|error| Error::InvalidName(error.to_string()));
        // Of a tenant, all is heard at once: no choice of names of one makes a new connection for all.
        let heard = bucket(within.unwrap_or(name))?;
        let bucket = bucket(name)?;
        let keep_expired = resilience.stale_on_error;
        let opened = driver.tiers.open(within, name, &options, keep_expired)?;
        Ok(Arc::new(Self {
            driver,
            opened,
            name: name.to_owned(),
            bucket,
            heard,
            options,
            resilience,
            default,
            lounge: Lounge::default(),
            hears: AtomicBool::new(false),
        }))
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Whether either tier has the key. No use, and fills nothing.
    pub(crate) async fn contains(&self, key: &str) -> Result<bool, Error> {
        let hash = self.place(key)?;
        let is_local = self.if_heard(hash, |shard| {
            shard.peek(self.cache(), hash, key).map(|_| ())
        });
        if is_local.is_some() {
            return Ok(true);
        }
        let keys = [key.to_owned()];
        let count = self.driver.backend.exists(&self.bucket, &keys);
        Ok(self.noted(self.driver.call(Access::Read, count).await)? > 0)
    }

    /// What is left of the entry's life, by the local tier if it has it, else by L2.
    pub(crate) async fn ttl(&self, key: &str) -> Result<Option<Expiry>, Error> {
        let hash = self.place(key)?;
        let local = self.if_heard(hash, |shard| shard.remaining(self.cache(), hash, key));
        let expiry = |left: Option<Duration>| left.map_or(Expiry::Never, Expiry::After);
        if let Some(left) = local {
            return Ok(Some(expiry(left)));
        }
        match self.ask_for_one(key, None).await? {
            Slot::Absent => Ok(None),
            Slot::WrongType => Err(Error::WrongType {
                key: key.to_owned(),
            }),
            Slot::Entry(entry) => Ok(Some(expiry(entry.ttl))),
        }
    }

    /// A page of keys. What is no key of this cache's type is another's.
    pub(crate) async fn keys(&self, cursor: Option<&str>, limit: u32) -> Result<Page, Error> {
        let scan = self.driver.backend.scan(&self.bucket, cursor, limit);
        let scanned = self.driver.call(Access::Read, scan).await;
        if matches!(&scanned, Err(error) if error.is_invalid_cursor()) {
            // An error of the caller: it does not count as a failure of the backend.
            return Err(Error::InvalidCursor(InvalidCursor));
        }
        let mut page = self.noted(scanned)?;
        page.keys
            .retain(|key| self.options.key_type.check(key).is_ok());
        Ok(page)
    }

    pub(crate) async fn len(&self) -> Result<u64, Error> {
        let count = self.driver.backend.count(&self.bucket);
        self.noted(self.driver.call(Access::Read, count).await)
    }

    pub(crate) async fn is_empty(&self) -> Result<bool, Error> {
        let mut cursor = None;
        loop {
            let page = self.keys(cursor.as_deref(), 1).await?;
            cursor = page.cursor;
            if !page.keys.is_empty() || cursor.is_none() {
                return Ok(page.keys.is_empty());
            }
        }
    }

    pub(crate) fn local_get(&self, key: &str) -> Option<Vec<u8>> {
        let hash = self.place(key).ok()?;
        self.if_heard(hash, |shard| {
            shard.peek(self.cache(), hash, key).map(<[u8]>::to_vec)
        })
    }

    pub(crate) fn local_keys(&self) -> Vec<String> {
        self.driver.tiers.local_keys(&self.opened)
    }

    pub(crate) fn local_clear(&self) {
        self.driver.tiers.clear_local(&self.opened);
    }

    pub(crate) fn stats(&self) -> Stats {
        self.driver.tiers.stats(&self.opened)
    }

    fn cache(&self) -> CacheId {
        self.opened.cache
    }

    /// Works on the shard of a key.
    fn with_shard<R>(&self, hash: u64, work: impl FnOnce(&mut dyn Shard) -> R) -> R {
        self.driver.tiers.with(&self.opened, hash, work)
    }

    /// A ticket to ask L2 with now.
    fn ticket(&self, hash: u64, key: &str) -> Ticket {
        self.with_shard(hash, |shard| shard.ticket(self.cache(), hash, key))
    }

    /// Counts a question or a write that L2 failed.
    fn failed(&self) {
        self.with_shard(0, |shard| shard.failed(self.cache()));
    }

    fn hash(&self, key: &str) -> u64 {
        self.opened.seed.hash(key)
    }

    /// Checks a key; answers the hash of the complete one.
    fn place(&self, key: &str) -> Result<u64, Error> {
        let checked = self.options.key_type.check(key);
        checked.map_err(|error| Error::of_key(key, error))?;
        Ok(self.hash(key))
    }

    async fn ask_for_one(&self, key: &str, new_ttl: Option<Duration>) -> Result<Slot, Error> {
        let keys = [key.to_owned()];
        let slots = self.driver.backend.get(&self.bucket, &keys, new_ttl);
        let slots = self.noted(self.driver.call(Access::Read, slots).await)?;
        let [slot] = <[Slot; 1]>::try_from(slots).map_err(|slots| wrong_number(slots.len(), 1))?;
        Ok(slot)
    }

    /// Counts a failure of L2.
    fn noted<T>(&self, result: Result<T, BackendError>) -> Result<T, Error> {
        result.map_err(|error| {
            self.failed();
            error.into()
        })
    }

    /// Runs work as a task: it is finished though whoever asked for it goes away.
    async fn finished<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        self.finished_by(None, work).await
    }

    /// The same, waited for until a deadline: the work goes on.
    async fn finished_by<T: Send + 'static>(
        self: &Arc<Self>,
        until: Option<Instant>,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Error> {
        let task = self.driver.runtime.spawn(work.in_current_span());
        match self.by(until, task).await {
            Some(ended) => ended.unwrap_or(Err(Error::TaskCancelled)),
            None => Err(BackendError::Timeout.into()),
        }
    }

    /// Returns the deadline of a caller that begins now, by what the backend says of its calls.
    fn deadline(&self) -> Option<Instant> {
        self.driver.backend.deadline().map(deadline_after)
    }

    /// Returns the same for a caller that has to wait. One that does not is spared the clock.
    fn deadline_if(&self, waits: bool) -> Option<Instant> {
        if waits { self.deadline() } else { None }
    }

    /// Waits until a deadline; `None`: it has passed.
    async fn by<F: Future>(&self, until: Option<Instant>, work: F) -> Option<F::Output> {
        match until {
            Some(until) => within(&self.driver.runtime, until, work).await.ok(),
            None => Some(work.await),
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.driver.tiers.close(&self.opened);
    }
}

/// A backend that answers another number of questions than it was asked is at fault, and must not
/// bring one key's answer to another.
fn wrong_number(answered: usize, asked: usize) -> BackendError {
    BackendError::Other(format!("{answered} answers to {asked} questions").into())
}
