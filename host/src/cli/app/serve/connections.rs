//! The open connections and what they wait for. Closes overdue ones, and one to make room for
//! another.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, watch};

/// How long a client may take for the first byte of a connection.
const FIRST_BYTE: Duration = Duration::from_secs(10);

/// How long it may take for the head of a request, from its first byte.
const HEAD: Duration = Duration::from_secs(10);

/// How long a connection may be idle between requests.
const IDLE: Duration = Duration::from_secs(30);

/// How long an instance waits for the next part of a body.
const BODY: Duration = Duration::from_secs(10);

/// How long a connection may take to close.
const CLOSING: Duration = Duration::from_secs(2);

/// A connection that has waited for less is not closed to make room, as its client may not be slow.
const SLOW: Duration = Duration::from_millis(500);

/// All open connections.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    next: AtomicU64,
    open: Mutex<BTreeMap<u64, Arc<Activity>>>,
    /// Notified when a connection has ended.
    ended: Notify,
}

/// An order to a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Serve,
    /// Close after the request in flight.
    Finish,
    /// Close at once.
    Close,
}

/// The next bytes that a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wait {
    FirstByte,
    Head,
    Idle,
    Body,
    Closing,
}

impl Wait {
    fn limit(self) -> Duration {
        match self {
            Self::FirstByte => FIRST_BYTE,
            Self::Head => HEAD,
            Self::Idle => IDLE,
            Self::Body => BODY,
            Self::Closing => CLOSING,
        }
    }

    /// Returns whether closing the connection now loses nothing.
    fn is_between_requests(self) -> bool {
        matches!(self, Self::FirstByte | Self::Idle)
    }
}

/// The state of one connection.
#[derive(Debug)]
pub(super) struct Activity {
    state: Mutex<State>,
    order: watch::Sender<Order>,
}

#[derive(Debug)]
struct State {
    /// `None` if it does not wait for its client.
    waits: Option<(Wait, Instant)>,
    /// How long the request has waited for its body.
    body: Duration,
    is_responding: bool,
}

impl Activity {
    pub(super) fn new() -> Self {
        let state = State {
            waits: Some((Wait::FirstByte, Instant::now())),
            body: Duration::ZERO,
            is_responding: false,
        };
        Self {
            state: Mutex::new(state),
            order: watch::Sender::new(Order::Serve),
        }
    }

    pub(super) fn orders(&self) -> watch::Receiver<Order> {
        self.order.subscribe()
    }

    /// Records that bytes of the client were read.
    pub(super) fn on_bytes(&self) {
        let mut state = self.state();
        if state
            .waits
            .is_some_and(|(wait, _)| wait.is_between_requests())
        {
            state.waits = Some((Wait::Head, Instant::now()));
        }
    }

    /// Records that the head of a request is complete.
    pub(super) fn request_began(&self) {
        *self.state() = State {
            waits: None,
            body: Duration::ZERO,
            is_responding: true,
        };
    }

    /// Records that the response is complete, or that there will be none.
    pub(super) fn response_ended(&self) {
        let mut state = self.state();
        state.is_responding = false;
        if state.waits.is_none() {
            state.waits = Some((Wait::Idle, Instant::now()));
        }
    }

    /// Records that an instance waits for more of the body.
    pub(super) fn body_is_awaited(&self) {
        let mut state = self.state();
        if state.waits.is_none() {
            state.waits = Some((Wait::Body, Instant::now()));
        }
    }

    /// Records that it does not wait any more.
    pub(super) fn on_body(&self) {
        let mut state = self.state();
        if let Some((Wait::Body, since)) = state.waits {
            let now = Instant::now();
            state.body += now - since;
            state.waits = (!state.is_responding).then_some((Wait::Idle, now));
        }
    }

    /// Returns what it waits for, and for how long it has.
    fn current_wait(&self, now: Instant) -> Option<(Wait, Duration)> {
        let waits = self.state().waits;
        waits.map(|(wait, since)| (wait, now.saturating_duration_since(since)))
    }

    /// Returns how long its request has waited for its body, if it waits now.
    fn waits_for_body(&self, now: Instant) -> Option<Duration> {
        let state = self.state();
        match state.waits {
            Some((Wait::Body, since)) => Some(state.body + now.saturating_duration_since(since)),
            _ => None,
        }
    }

    fn is_leaving(&self) -> bool {
        *self.order.borrow() != Order::Serve
    }

    /// Closes the connection without losing a request.
    fn finish(&self) {
        self.state().waits = Some((Wait::Closing, Instant::now()));
        self.order.send_replace(Order::Finish);
    }

    fn close(&self) {
        self.order.send_replace(Order::Close);
    }

    /// Closes the connection in the way that fits what it waits for.
    fn end(&self, wait: Wait) {
        if wait.is_between_requests() {
            self.finish();
        } else {
            self.close();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connections {
    pub(super) fn new(max: usize) -> Arc<Self> {
        Arc::new(Self {
            max,
            next: AtomicU64::new(0),
            open: Mutex::default(),
            ended: Notify::new(),
        })
    }

    /// Adds a connection, until the returned value is dropped.
    pub(super) fn open(self: &Arc<Self>) -> Opened {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let activity = Arc::new(Activity::new());
        self.all().insert(number, activity.clone());
        Opened {
            activity,
            number,
            connections: self.clone(),
        }
    }

    /// Waits until there is room for another connection. If there is none, closes the one that has
    /// waited longest: first those without a complete head, then idle ones, then those whose bodies
    /// are awaited.
    pub(super) async fn room(&self) {
        loop {
            let ended = self.ended.notified();
            if self.has_room() {
                return;
            }
            ended.await;
        }
    }

    fn has_room(&self) -> bool {
        let open = self.all();
        if open.len() < self.max {
            return true;
        }
        let staying = open.values().filter(|activity| !activity.is_leaving());
        if staying.clone().count() < self.max {
            return true;
        }
        let now = Instant::now();
        let slow = staying.filter_map(|activity| {
            let (wait, waited) = activity.current_wait(now)?;
            let rank = match wait {
                Wait::FirstByte | Wait::Head => 2,
                Wait::Idle => 1,
                Wait::Body | Wait::Closing => 0,
            };
            (waited >= SLOW).then_some((rank, waited, wait, activity))
        });
        let slowest = slow.max_by_key(|(rank, waited, ..)| (*rank, *waited));
        if let Some((_, waited, wait, activity)) = slowest {
            tracing::debug!(?wait, ?waited, "closing a slow connection to make room");
            activity.end(wait);
            return true;
        }
        false
    }

    /// Closes the connection whose request has waited longest for its body, if it has waited for a
    /// while, because other requests wait for its turn.
    pub(super) fn shed_slow_body(&self) {
        let now = Instant::now();
        let open = self.all();
        let staying = open.values().filter(|activity| !activity.is_leaving());
        let slow = staying.filter_map(|activity| Some((activity.waits_for_body(now)?, activity)));
        let slowest = slow.max_by_key(|(waited, _)| *waited);
        if let Some((waited, activity)) = slowest.filter(|(waited, _)| *waited >= SLOW) {
            tracing::debug!(?waited, "closing a request with a slow body to make room");
            activity.close();
        }
    }

    /// Closes the connections that have waited too long.
    pub(super) fn end_overdue(&self) {
        let now = Instant::now();
        for activity in self.all().values() {
            if let Some((wait, waited)) = activity.current_wait(now)
                && waited >= wait.limit()
            {
                tracing::debug!(?wait, "closing an overdue connection");
                activity.end(wait);
            }
        }
    }

    /// Closes the connections that have been between requests for `idle`.
    pub(super) fn end_idle(&self, idle: Duration) {
        let now = Instant::now();
        for activity in self.all().values() {
            if let Some((wait, waited)) = activity.current_wait(now)
                && wait.is_between_requests()
                && waited >= idle
            {
                activity.finish();
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all().is_empty()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Activity>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) activity: Arc<Activity>,
    number: u64,
    connections: Arc<Connections>,
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.connections.all().remove(&self.number);
        self.connections.ended.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
