//! What a store tells of the changes that are made in it, by whomever.
//!
//! A store that others can change hears of that in its own way (Redis pushes, `SQLite` counts), and says
//! for how long what it has heard is all that there is. Those who write through the same store value
//! tell their writes here themselves: to the store, they are all one client.

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

/// What may have changed in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News<'a> {
    /// What stands at this complete key.
    Key(&'a str),
    /// All that stands in a bucket.
    Bucket(&'a Bucket),
    /// Anything.
    Everything,
    /// From now on, changes go untold.
    Deaf,
    /// Changes are told again; anything may have changed meanwhile.
    Hearing,
}

/// Whether changes are heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// What has been told is all that there is.
    Hears,
    /// Changes may go untold: the store cannot be reached, is silent, or may not be believed.
    Deaf,
    /// Nobody tells of changes, and what was answered is kept all the same.
    Untold,
}

impl Hearing {
    /// In a word: for answers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hears => "hears",
            Self::Deaf => "deaf",
            Self::Untold => "untold",
        }
    }
}

/// Somebody who is told.
///
/// [`hear`](Self::hear) is called in order, one call at a time, where the store's answers are read: it
/// must be short, wait for nothing that waits for the store, and not use the feed.
pub trait Listener: Send + Sync + 'static {
    /// Takes in what may have changed.
    fn hear(&self, news: News<'_>);
}

/// Names a listener among those of one feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListenerId(u64);

/// The news of one store, and who is told.
///
/// # Examples
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering};
/// use std::sync::{Arc, Weak};
/// use flipcache::backend::{Feed, Listener, News};
///
/// #[derive(Default)]
/// struct Count(AtomicUsize);
///
/// impl Listener for Count {
///     fn hear(&self, _: News<'_>) {
///         self.0.fetch_add(1, Ordering::Relaxed);
///     }
/// }
///
/// let (feed, count) = (Feed::always(), Arc::new(Count::default()));
/// let listener: Arc<dyn Listener> = count.clone();
/// let id = feed.listen(&listener);
/// feed.tell(None, News::Key("user:7"));
/// feed.tell(Some(id), News::Key("user:8"));
/// assert_eq!(count.0.load(Ordering::Relaxed), 1);
/// ```
#[derive(Debug)]
pub struct Feed {
    state: Mutex<State>,
    /// Until when what has been told is all that there was; 0: it is not, [`FOR_GOOD`]: it always is.
    heard_until: AtomicU64,
    /// When it went deaf, if it is; 0: it never heard.
    deaf_since: AtomicU64,
}

struct State {
    /// Nobody tells of changes, and what was answered is kept all the same.
    is_untold: bool,
    /// Since when it has been as it is, but that nobody says when a moment is over.
    since: Instant,
    /// How many times everything became void.
    epoch: u64,
    listeners: Vec<(ListenerId, Weak<dyn Listener>)>,
    log: Log,
    last_id: u64,
}

const FOR_GOOD: u64 = u64::MAX;

/// The target of this module's events.
const TARGET: &str = "flipcache::feed";

impl Feed {
    /// The feed of a store that nobody changes but those who tell it here.
    pub fn always() -> Self {
        Self::new(FOR_GOOD)
    }

    /// The feed of a store that does not hear yet.
    pub fn deaf() -> Self {
        Self::new(0)
    }

    fn new(heard_until: u64) -> Self {
        Self {
            state: Mutex::new(State {
                is_untold: false,
                since: Instant::now(),
                epoch: 0,
                listeners: Vec::new(),
                log: Log::idle(),
                last_id: 0,
            }),
            heard_until: AtomicU64::new(heard_until),
            deaf_since: AtomicU64::new(0),
        }
    }

    /// Tells a listener from now on, as long as it lives; first, that changes go untold if they do.
    pub fn listen(&self, listener: &Arc<dyn Listener>) -> ListenerId {
        let mut state = self.state();
        state.listeners.retain(|(_, weak)| weak.strong_count() > 0);
        let id = state.next_id();
        state.listeners.push((id, Arc::downgrade(listener)));
        if self.is_deaf() {
            listener.hear(News::Deaf);
        }
        id
    }

    /// Tells all listeners but the one whose doing it was.
    pub fn tell(&self, but: Option<ListenerId>, news: News<'_>) {
        self.state().tell(but, news);
        if news == News::Everything {
            tracing::debug!(target: TARGET, "anything in the store may have changed");
        }
    }

    /// As [`tell`](Self::tell), of complete keys; they are put together only if there is somebody to
    /// tell.
    pub fn tell_keys<K: AsRef<str>>(
        &self,
        but: Option<ListenerId>,
        bucket: &Bucket,
        keys: impl IntoIterator<Item = K>,
    ) {
        let mut state = self.state();
        if !state.log.is_idle() || state.listeners.iter().any(|(id, _)| Some(*id) != but) {
            for key in keys {
                state.tell(but, News::Key(&bucket.full_key(key.as_ref())));
            }
        }
    }

    /// Names somebody who only asks for [`changes`](Self::changes).
    pub fn new_id(&self) -> ListenerId {
        self.state().next_id()
    }

    /// What others than `by` have changed in a bucket since a cursor; `None` asks for a first one.
    pub fn changes(&self, since: Option<u64>, by: ListenerId, bucket: &Bucket) -> Changes {
        let mut state = self.state();
        // While it is deaf, nobody is up to date.
        let since = since.filter(|_| self.is_heard());
        state.log.since(since, by, bucket)
    }

    /// The store cannot tell of changes, and is taken to be right all the same.
    pub fn gives_up(&self) {
        self.goes_on(FOR_GOOD, true);
    }

    /// Whether changes are heard.
    pub fn hearing(&self) -> Hearing {
        match (self.is_heard(), self.state().is_untold) {
            (false, _) => Hearing::Deaf,
            (true, false) => Hearing::Hears,
            (true, true) => Hearing::Untold,
        }
    }

    /// For how long [`hearing`](Self::hearing) has answered what it does.
    pub fn hearing_for(&self) -> Duration {
        let state = self.state();
        match self.heard_until.load(Ordering::Acquire) {
            until if until == 0 || self.is_heard() => state.since.elapsed(),
            until => Duration::from_nanos(coarse_nanos().saturating_sub(until)),
        }
    }

    /// How many times everything became void: anything may have changed, or changes began to go untold.
    pub fn epoch(&self) -> u64 {
        self.state().epoch
    }

    /// Whether what has been told so far is all that may have changed. Costs nanoseconds.
    #[inline]
    pub fn is_heard(&self) -> bool {
        match self.heard_until.load(Ordering::Acquire) {
            FOR_GOOD => true,
            0 => false,
            until => coarse_nanos() < until,
        }
    }

    /// For how long changes may have gone unheard; zero while they are heard. Never more than there are
    /// nanoseconds in 64 bits, which is what a store has that has never heard.
    pub fn unheard_for(&self) -> Duration {
        let since = match self.heard_until.load(Ordering::Acquire) {
            FOR_GOOD => return Duration::ZERO,
            0 => self.deaf_since.load(Ordering::Acquire),
            until => until,
        };
        match since {
            0 => Duration::from_nanos(u64::MAX),
            since => Duration::from_nanos(coarse_nanos().saturating_sub(since)),
        }
    }

    /// The store hears, until `until` for the time being; `None`: for good. If it did not before,
    /// listeners are told that it does.
    pub fn hears(&self, until: Option<Heard>) {
        self.goes_on(until.map_or(FOR_GOOD, |Heard(until)| until), false);
    }

    fn goes_on(&self, until: u64, is_untold: bool) {
        let mut state = self.state();
        let was_deaf = self.is_deaf();
        if was_deaf || state.is_untold != is_untold {
            state.since = Instant::now();
        }
        state.is_untold = is_untold;
        if was_deaf {
            state.tell(None, News::Hearing);
        }
        self.heard_until.store(until, Ordering::Release);
        drop(state);
        match (was_deaf, is_untold) {
            (false, _) => {}
            (true, false) => tracing::info!(target: TARGET, "changes in the store are heard"),
            (true, true) => tracing::info!(target: TARGET, "nobody tells of changes in the store"),
        }
    }

    /// As [`hears`](Self::hears), if the store has not gone deaf since.
    pub fn still_hears(&self, Heard(until): Heard) {
        let mut state = self.state();
        if !self.is_deaf() {
            if !self.is_heard() {
                state.since = Instant::now();
            }
            self.heard_until.store(until, Ordering::Release);
        }
    }

    /// The store does not hear any more.
    pub fn goes_deaf(&self) {
        let mut state = self.state();
        // Before it is deaf, so that nobody takes it to have been for longer.
        match self.heard_until.load(Ordering::Acquire) {
            0 => {}
            // It may have been silent for a while.
            until => self
                .deaf_since
                .store(coarse_nanos().min(until), Ordering::Release),
        }
        let was_deaf = self.heard_until.swap(0, Ordering::AcqRel) == 0;
        state.is_untold = false;
        if !was_deaf {
            state.since = Instant::now();
            state.tell(None, News::Deaf);
        }
        let epoch = state.epoch;
        drop(state);
        if !was_deaf {
            tracing::info!(target: TARGET, epoch, "changes in the store go unheard");
        }
    }

    /// Changes only while the state is locked.
    fn is_deaf(&self) -> bool {
        self.heard_until.load(Ordering::Acquire) == 0
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

    fn tell(&mut self, but: Option<ListenerId>, news: News<'_>) {
        self.log.note(but, news);
        if matches!(news, News::Everything | News::Deaf) {
            self.epoch += 1;
        }
        let others = self.listeners.iter().filter(|(id, _)| Some(*id) != but);
        for listener in others.filter_map(|(_, weak)| weak.upgrade()) {
            listener.hear(news);
        }
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("State")
            .field("is_untold", &self.is_untold)
            .field("listeners", &self.listeners.len())
            .finish_non_exhaustive()
    }
}

/// A moment until which a store is known to hear, by a clock of the system that is cheap to read, counts the time
/// for which the machine sleeps, and is behind the exact one by no more than a hundredth of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Heard(u64);

/// By how much the cheap clock may be behind: a hundredth of a second on the slowest systems.
const TICK: Duration = Duration::from_millis(10);

impl Heard {
    /// Until so long after now. To be asked before the question that shows that the store hears.
    pub fn after(bound: Duration) -> Self {
        let bound = bound.saturating_sub(TICK);
        let bound = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Self(coarse_nanos().saturating_add(bound))
    }
}
