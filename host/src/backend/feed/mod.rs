//! Changes of keys, published to the clients that cache them.
//!
//! Each backend learns in its own way of changes by other clients (Redis pushes, `SQLite` counts),
//! and holds a [`Lease`] until which the changes it has published are complete. Clients of one
//! backend publish their own writes here: to the server they are one client.

mod log;
mod member;

#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use super::Bucket;
use crate::clock::coarse_nanos;
pub use log::Changes;
use log::Log;
pub(crate) use member::Member;

/// An event of a feed: a possible change in the store, or a change of its status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedEvent<'a> {
    /// The value of this complete key.
    Key(&'a str),
    /// Every key of a bucket.
    Bucket(&'a Bucket),
    /// Every key.
    All,
    /// From now on, changes may go unpublished.
    Lost,
    /// Changes are published again. Every key may have changed meanwhile.
    Restored,
}

/// Whether the local tier learns of changes by other clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidationStatus {
    /// Every change is published: the local tier serves.
    Live,
    /// Changes may be missing: the backend cannot be reached, is silent, or may not be trusted. The
    /// local tier serves nothing.
    Lost,
    /// The backend does not publish changes, and the local tier serves all the same.
    Untracked,
}

impl InvalidationStatus {
    /// Returns the status in one word, for output and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Lost => "lost",
            Self::Untracked => "untracked",
        }
    }
}

/// A receiver of a feed's events.
///
/// [`on_event`](Self::on_event) is called in order, one call at a time, where the backend's replies
/// are read. It must be short, must not wait for anything that waits for the backend, and must not
/// use the feed.
pub trait Listener: Send + Sync + 'static {
    /// Processes an event.
    fn on_event(&self, event: FeedEvent<'_>);
}

/// The id of a listener among those of one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerId(u64);

/// The events of one backend, and the listeners that receive them.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::sync::{Arc, Weak};
/// use flipcache::backend::{Feed, Listener, FeedEvent};
///
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl Listener for Count {
///     fn on_event(&self, _: FeedEvent<'_>) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let (feed, count) = (Feed::always_live(), Arc::new(Count::default()));
/// let listener: Arc<dyn Listener> = count.clone();
/// let id = feed.subscribe(&listener);
/// feed.publish(None, FeedEvent::Key("user:7"));
/// feed.publish(Some(id), FeedEvent::Key("user:8"));
/// assert_eq!(count.0.load(Ordering::Relaxed), 1);
/// ```
#[derive(Debug)]
pub struct Feed {
    state: Mutex<State>,
    /// Until when the published changes are complete; 0: they are not, [`FOR_GOOD`]: they always
    /// are.
    live_until: AtomicU64,
    /// When the status became lost, if it is; 0: it was never live.
    lost_since: AtomicU64,
}

struct State {
    /// The backend does not publish changes, and the local tier serves all the same.
    is_untracked: bool,
    /// When the status last changed. The end of a lease does not set it.
    since: Instant,
    /// How often all keys were invalidated at once.
    epoch: u64,
    listeners: Vec<(ListenerId, Weak<dyn Listener>)>,
    log: Log,
    last_id: u64,
}

const FOR_GOOD: u64 = u64::MAX;

/// The target of this module's events.
const TARGET: &str = "flipcache::feed";

impl Feed {
    /// Returns the feed of a backend whose only writers publish their changes here.
    pub fn always_live() -> Self {
        Self::new(FOR_GOOD)
    }

    /// Returns the feed of a backend that does not publish changes yet.
    pub fn disconnected() -> Self {
        Self::new(0)
    }

    fn new(live_until: u64) -> Self {
        Self {
            state: Mutex::new(State {
                is_untracked: false,
                since: Instant::now(),
                epoch: 0,
                listeners: Vec::new(),
                log: Log::idle(),
                last_id: 0,
            }),
            live_until: AtomicU64::new(live_until),
            lost_since: AtomicU64::new(0),
        }
    }

    /// Sends events to a listener from now on, as long as it exists. If the status is lost, the
    /// first event is [`FeedEvent::Lost`].
    pub fn subscribe(&self, listener: &Arc<dyn Listener>) -> ListenerId {
        let mut state = self.state();
        state.listeners.retain(|(_, weak)| weak.strong_count() > 0);
        let id = state.next_id();
        state.listeners.push((id, Arc::downgrade(listener)));
        if self.is_lost() {
            listener.on_event(FeedEvent::Lost);
        }
        id
    }

    /// Sends an event to all listeners but the one that caused it.
    pub fn publish(&self, but: Option<ListenerId>, event: FeedEvent<'_>) {
        self.state().publish(but, event);
        if event == FeedEvent::All {
            tracing::debug!(target: TARGET, "any key of the backend may have changed");
        }
    }

    /// As [`publish`](Self::publish), of complete keys. They are built only if there is a listener
    /// for them.
    pub fn publish_keys<K: AsRef<str>>(
        &self,
        but: Option<ListenerId>,
        bucket: &Bucket,
        keys: impl IntoIterator<Item = K>,
    ) {
        let mut state = self.state();
        if !state.log.is_idle() || state.listeners.iter().any(|(id, _)| Some(*id) != but) {
            for key in keys {
                state.publish(but, FeedEvent::Key(&bucket.full_key(key.as_ref())));
            }
        }
    }

    /// Returns an id for a client that only polls [`changes`](Self::changes).
    pub fn new_id(&self) -> ListenerId {
        self.state().next_id()
    }

    /// Returns what clients other than `by` have changed in a bucket since a cursor; `None` asks
    /// for a first cursor.
    pub fn changes(&self, since: Option<u64>, by: ListenerId, bucket: &Bucket) -> Changes {
        let mut state = self.state();
        // While the status is lost, no cursor is up to date.
        let since = since.filter(|_| self.is_live());
        state.log.since(since, by, bucket)
    }

    /// Sets the status to untracked: the backend cannot publish changes, and the local tier serves
    /// all the same.
    pub fn untrack(&self) {
        self.begin(FOR_GOOD, true);
    }

    /// Returns whether changes are published.
    pub fn invalidation_status(&self) -> InvalidationStatus {
        match (self.is_live(), self.state().is_untracked) {
            (false, _) => InvalidationStatus::Lost,
            (true, false) => InvalidationStatus::Live,
            (true, true) => InvalidationStatus::Untracked,
        }
    }

    /// Returns for how long the [status](Self::invalidation_status) has been what it is.
    pub fn invalidation_status_for(&self) -> Duration {
        let state = self.state();
        match self.live_until.load(Ordering::Acquire) {
            until if until == 0 || self.is_live() => state.since.elapsed(),
            until => Duration::from_nanos(coarse_nanos().saturating_sub(until)),
        }
    }

    /// Returns how often all keys were invalidated at once: any key may have changed, or the status
    /// became lost.
    pub fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// Returns whether the published changes are complete. Costs nanoseconds.
    #[inline]
    pub fn is_live(&self) -> bool {
        match self.live_until.load(Ordering::Acquire) {
            FOR_GOOD => true,
            0 => false,
            until => coarse_nanos() < until,
        }
    }

    /// Returns for how long changes may have gone unpublished; zero while the status is live. For a
    /// backend that was never live, returns the most nanoseconds that 64 bits hold.
    pub fn lost_for(&self) -> Duration {
        let since = match self.live_until.load(Ordering::Acquire) {
            FOR_GOOD => return Duration::ZERO,
            0 => self.lost_since.load(Ordering::Acquire),
            until => until,
        };
        match since {
            0 => Duration::from_nanos(u64::MAX),
            since => Duration::from_nanos(coarse_nanos().saturating_sub(since)),
        }
    }

    /// Sets the status to live until the lease ends; `None`: for good. If it was lost before,
    /// listeners receive [`FeedEvent::Restored`].
    pub fn restore(&self, until: Option<Lease>) {
        self.begin(until.map_or(FOR_GOOD, |Lease(until)| until), false);
    }

    fn begin(&self, until: u64, is_untracked: bool) {
        let mut state = self.state();
        let was_lost = self.is_lost();
        if was_lost || state.is_untracked != is_untracked {
            state.since = Instant::now();
        }
        state.is_untracked = is_untracked;
        if was_lost {
            state.publish(None, FeedEvent::Restored);
        }
        self.live_until.store(until, Ordering::Release);
        drop(state);
        match (was_lost, is_untracked) {
            (false, _) => {}
            (true, false) => {
                tracing::info!(target: TARGET, "changes are published again");
            }
            (true, true) => tracing::info!(target: TARGET, "the backend does not publish changes"),
        }
    }

    /// Extends the lease, unless the status has become [lost](Self::lose) since.
    pub fn renew(&self, Lease(until): Lease) {
        let mut state = self.state();
        if !self.is_lost() {
            if !self.is_live() {
                state.since = Instant::now();
            }
            self.live_until.store(until, Ordering::Release);
        }
    }

    /// Sets the status to lost: changes may go unpublished from now on.
    pub fn lose(&self) {
        let mut state = self.state();
        // Set before the status changes, so that no reader takes it to have been lost for longer.
        match self.live_until.load(Ordering::Acquire) {
            0 => {}
            // Its lease may have ended a while ago.
            until => self
                .lost_since
                .store(coarse_nanos().min(until), Ordering::Release),
        }
        let was_lost = self.live_until.swap(0, Ordering::AcqRel) == 0;
        state.is_untracked = false;
        if !was_lost {
            state.since = Instant::now();
            state.publish(None, FeedEvent::Lost);
        }
        let epoch = state.epoch;
        drop(state);
        if !was_lost {
            tracing::info!(target: TARGET, epoch, "changes may go unpublished");
        }
    }

    /// Returns whether the status was set to lost. Changes only while the state is locked.
    fn is_lost(&self) -> bool {
        self.live_until.load(Ordering::Acquire) == 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next_id(&mut self) -> ListenerId {
        self.last_id += 1;
        ListenerId(self.last_id)
    }

    fn publish(&mut self, but: Option<ListenerId>, event: FeedEvent<'_>) {
        self.log.note(but, event);
        if matches!(event, FeedEvent::All | FeedEvent::Lost) {
            self.epoch += 1;
        }
        let others = self.listeners.iter().filter(|(id, _)| Some(*id) != but);
        for listener in others.filter_map(|(_, weak)| weak.upgrade()) {
            listener.on_event(event);
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("is_untracked", &self.is_untracked)
            .field("listeners", &self.listeners.len())
            .finish_non_exhaustive()
    }
}

/// The time until which the changes that a backend has published are complete.
///
/// Its clock is cheap to read, counts the time for which the machine sleeps, and is at most a
/// hundredth of a second behind the exact one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease(u64);

/// How far the cheap clock may be behind: a hundredth of a second on the slowest systems.
const TICK: Duration = Duration::from_millis(10);

impl Lease {
    /// Returns a lease that ends after `bound` from now. Take it before sending the request whose
    /// reply proves that the backend publishes changes.
    pub fn after(bound: Duration) -> Self {
        let bound = bound.saturating_sub(TICK);
        let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Self(coarse_nanos().saturating_add(bound))
    }
}
