//! Client tracking: the server publishes which keys other clients change.
//!
//! In broadcasting mode the server publishes every changed key that begins with a prefix:
//! <https://redis.io/docs/latest/develop/reference/client-side-caching/>. `NOLOOP` leaves out what
//! this connection writes. Invalidations come over the connection that carries the replies, in
//! order: whatever a read reply includes has been invalidated before it.
//!
//! A server refuses overlapping prefixes. The prefixes are therefore the smallest set that covers
//! all open buckets; a bucket that needs another set needs another connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, mem};

use ::redis::aio::MultiplexedConnection;
use ::redis::{Pipeline, PushInfo, PushKind, RedisError, ServerError, Value};
use tokio::time::Instant;

use super::backoff::backoff;
use super::cluster::topology::View;
use super::error;
use super::prefixes::{BucketPrefixes, MAX_PREFIXES};
use super::role::{Role, role};
use super::tracking_health::{NodeHealth, TopologyEpoch};
use crate::backend::{Bucket, Coherence, FeedEvent, Lease};

/// The smallest bound: a heartbeat takes some time, and its clock has ticks.
const MIN_BOUND: Duration = Duration::from_millis(50);

/// After so many bounds, a server that has refused tracking is asked for it again.
pub(super) const RETRY_BOUNDS: u32 = 8;

/// Which keys a server tracks, and on which connection.
pub(super) struct Tracking {
    pub(super) health: NodeHealth,
    is_required: bool,
    /// How long after the last acknowledgement invalidations count as complete.
    pub(super) bound: Duration,
    /// The prefixes of all open buckets, shared by all servers of the backend.
    prefixes: Arc<Mutex<BucketPrefixes>>,
    incarnation: Mutex<Incarnation>,
    /// Held while the tracked prefixes are changed.
    pub(super) subscribing: tokio::sync::Mutex<()>,
}

/// A connection.
#[derive(Default)]
struct Incarnation {
    number: u64,
    mode: Mode,
    is_lost: bool,
}

/// The changes that a connection publishes.
enum Mode {
    /// Nothing: the server refused tracking.
    Off(Refused),
    /// Nothing, as long as the server is a replica.
    Replica,
    /// All changes under these prefixes.
    On(Vec<String>),
}

impl Default for Mode {
    fn default() -> Self {
        Self::Off(Refused::NoPushes)
    }
}

/// Why a connection has no tracking.
#[derive(Clone, Copy)]
enum Refused {
    /// The protocol has no push messages.
    NoPushes,
    /// The server cannot or must not track. It is asked again at this moment, as users and servers
    /// can be changed.
    Permanent(Instant),
    /// The server is busy, loading or the like. It is asked again at this moment, after so many
    /// failures.
    Temporary(Instant, u32),
}

/// The step that a connection lacks to track a bucket.
pub(super) enum Missing {
    Nothing,
    /// The prefix, which can be added.
    Prefix,
    /// Another connection.
    Connection,
}

impl Tracking {
    /// Returns the tracking of a server; `None` if it is off.
    pub(super) fn new(coherence: Coherence, bound: Duration, health: NodeHealth) -> Option<Self> {
        let is_required = match coherence {
            Coherence::Off => return None,
            Coherence::Auto => false,
            Coherence::Tracking => true,
        };
        Some(Self {
            health,
            is_required,
            bound: bound.max(MIN_BOUND),
            prefixes: Arc::default(),
            incarnation: Mutex::default(),
            subscribing: tokio::sync::Mutex::default(),
        })
    }

    /// Returns the tracking of another server of the same backend.
    pub(super) fn for_another(&self, health: NodeHealth) -> Self {
        Self {
            health,
            is_required: self.is_required,
            bound: self.bound,
            prefixes: Arc::clone(&self.prefixes),
            incarnation: Mutex::default(),
            subscribing: tokio::sync::Mutex::default(),
        }
    }

    /// Adds a bucket to those that new connections track.
    pub(super) fn add_bucket(&self, bucket: &Bucket) {
        self.prefixes().add(bucket.prefix());
    }

    /// Turns tracking on for all open buckets, on a connection that tracks nothing.
    ///
    /// # Errors
    ///
    /// If the connection does not work. A server that refuses tracking is no error:
    /// [`heartbeat`](Self::heartbeat) asks it again. A replica is no error either; it may lag
    /// behind its master without limit, so nothing is cached.
    pub(super) async fn begin(
        &self,
        connection: &mut MultiplexedConnection,
        number: u64,
    ) -> Result<(), RedisError> {
        let epoch = self.health.epoch();
        let lease = Lease::after(self.bound);
        let cover = self.prefixes().cover();
        // After a lost reply tracking may be on already, and its prefixes would overlap with these.
        let off = usize::from(self.retry_at(number).is_some());
        let mut pipeline = Pipeline::new();
        if off == 1 {
            pipeline.cmd("CLIENT").arg("TRACKING").arg("OFF");
        }
        pipeline.cmd("ROLE");
        if !cover.is_empty() {
            track(&mut pipeline, &cover);
        }
        let replies = connection.send_packed_commands(&pipeline, off, pipeline.len() - off);
        let replies = replies.await?;
        let mode = match (replies.get(1).and_then(refusal), role(&replies)) {
            (Some(refusal), _) | (None, Role::Unknown(refusal)) => self.refused(number, &refusal),
            (None, Role::Replica) => {
                tracing::warn!("the Redis server is a replica; its replies are not cached");
                self.health.lose();
                Mode::Replica
            }
            (None, Role::Master) => Mode::On(cover.clone()),
        };
        let is_tracked = matches!(mode, Mode::On(_));
        let agrees = !is_tracked || agrees(connection, &epoch).await?;
        self.begun(number, mode);
        // A bucket opened meanwhile found a connection without tracking, and relies on this one.
        if is_tracked && self.prefixes().cover() != cover {
            return Err(io::Error::from(io::ErrorKind::Interrupted).into());
        }
        if !agrees {
            self.health.disagree(&epoch);
        } else if is_tracked {
            self.record(number, |health| health.restart(&epoch, lease));
        }
        Ok(())
    }

    /// Begins on a connection that cannot carry push messages.
    pub(super) fn begin_untracked(&self, number: u64) {
        self.untrack("it does not speak RESP3");
        self.begun(number, Mode::Off(Refused::NoPushes));
    }

    fn begun(&self, number: u64, mode: Mode) {
        let mut incarnation = self.incarnation();
        *incarnation = Incarnation {
            number,
            mode,
            is_lost: incarnation.number == number && incarnation.is_lost,
        };
    }

    /// Returns the mode of the connection `number`, whose server refused tracking.
    fn refused(&self, number: u64, refusal: &ServerError) -> Mode {
        let known = {
            let incarnation = self.incarnation();
            match incarnation.mode {
                Mode::Off(refused) if incarnation.number == number => Some(refused),
                _ => None,
            }
        };
        let again = Instant::now() + self.bound.saturating_mul(RETRY_BOUNDS);
        if error::is_permanent(refusal) {
            if !matches!(known, Some(Refused::Permanent(_))) {
                self.untrack(&error::message(refusal));
            }
            return Mode::Off(Refused::Permanent(again));
        }
        let failures = match known {
            // The server did not say whether that still holds.
            Some(Refused::Permanent(_)) => return Mode::Off(Refused::Permanent(again)),
            Some(Refused::Temporary(_, failures)) => failures.saturating_add(1),
            Some(Refused::NoPushes) | None => 0,
        };
        if failures == 0 {
            let why = error::message(refusal);
            tracing::warn!(why, "Redis refuses to track keys for now; retrying");
            self.health.lose();
        }
        Mode::Off(Refused::Temporary(
            Instant::now() + backoff(failures),
            failures,
        ))
    }

    /// The server publishes nothing. Unless tracking is required, its replies are cached all the
    /// same.
    fn untrack(&self, why: &str) {
        if self.is_required {
            tracing::error!(
                why,
                "Redis does not track keys, which is required; its replies are not cached"
            );
            self.health.lose();
        } else {
            tracing::warn!(
                why,
                "Redis does not track keys; writes of other clients are seen when entries expire"
            );
            self.health.untrack();
        }
    }

    /// Returns when the server of the connection `number` is asked again for tracking; `None` if it
    /// did not refuse.
    pub(super) fn retry_at(&self, number: u64) -> Option<Instant> {
        let incarnation = self.incarnation();
        match incarnation.mode {
            _ if incarnation.number != number => None,
            Mode::Off(Refused::Permanent(at) | Refused::Temporary(at, _)) => Some(at),
            _ => None,
        }
    }

    /// Returns what the connection `number` lacks to track a bucket, which it adds to the open
    /// ones.
    pub(super) fn missing(&self, bucket: &Bucket, number: u64) -> Missing {
        let prefix = bucket.prefix();
        self.add_bucket(bucket);
        let incarnation = self.incarnation();
        let Mode::On(tracked) = &incarnation.mode else {
            return Missing::Nothing;
        };
        if incarnation.number != number {
            return Missing::Connection;
        }
        if tracked.iter().any(|tracked| prefix.starts_with(tracked)) {
            return Missing::Nothing;
        }
        let overlaps = tracked.iter().any(|tracked| tracked.starts_with(prefix));
        if overlaps || tracked.len() >= MAX_PREFIXES {
            Missing::Connection
        } else {
            Missing::Prefix
        }
    }

    /// Returns the command that makes a connection track one more bucket.
    pub(super) fn track_bucket(&self, bucket: &Bucket) -> Pipeline {
        let mut pipeline = Pipeline::new();
        track(&mut pipeline, &[bucket.prefix().to_owned()]);
        pipeline
    }

    /// Records the reply to that command; returns whether the bucket is tracked.
    pub(super) fn bucket_tracked(&self, bucket: &Bucket, number: u64, replies: &[Value]) -> bool {
        if replies.first().is_none_or(|reply| refusal(reply).is_some()) {
            return false;
        }
        let mut incarnation = self.incarnation();
        if incarnation.number == number
            && let Mode::On(tracked) = &mut incarnation.mode
        {
            tracked.push(bucket.prefix().to_owned());
        }
        true
    }

    /// Processes a push message.
    pub(super) fn on_push(&self, push: &PushInfo) {
        if push.kind != PushKind::Invalidate {
            return;
        }
        match push.data.first() {
            Some(Value::Array(keys)) => {
                for key in keys {
                    // A key that is not UTF-8 is not the key of a cache.
                    if let Value::BulkString(key) = key
                        && let Ok(key) = str::from_utf8(key)
                    {
                        self.health.publish(FeedEvent::Key(key));
                    }
                }
            }
            // The database was flushed. Unknown contents may mean anything, so all entries go too.
            _ => self.health.publish(FeedEvent::All),
        }
    }

    /// Records that a connection is lost.
    pub(super) fn lost(&self, number: u64) {
        let mut incarnation = self.incarnation();
        if incarnation.number != number || mem::replace(&mut incarnation.is_lost, true) {
            return;
        }
        // Entries that were stored without tracking stay.
        if matches!(incarnation.mode, Mode::On(_)) {
            self.health.lose();
        }
    }

    /// Asks whether the server of a connection still has the same role, or again for refused
    /// tracking. Returns `false` if the connection must be replaced. Whatever a master has
    /// published before its reply is complete.
    pub(super) async fn heartbeat(
        &self,
        number: u64,
        mut connection: MultiplexedConnection,
    ) -> bool {
        if let Some(at) = self.retry_at(number) {
            let is_due = at <= Instant::now();
            return !is_due || self.retry(number, connection).await;
        }
        let was_master = {
            let incarnation = self.incarnation();
            match incarnation.mode {
                _ if incarnation.number != number => return true,
                Mode::Off(_) => return true,
                Mode::Replica => false,
                Mode::On(_) => true,
            }
        };
        let epoch = self.health.epoch();
        let lease = Lease::after(self.bound);
        let answer = role_and_agreement(&mut connection, &epoch);
        let Ok(Ok((role, agrees))) = tokio::time::timeout(self.bound / 2, answer).await else {
            return false;
        };
        match (role, was_master) {
            // Not an acknowledgement: the last lease runs out.
            (Role::Unknown(_), _) => true,
            (Role::Replica, false) => true,
            (Role::Master, true) => {
                if agrees {
                    self.record(number, |health| health.ack(&epoch, lease));
                } else {
                    self.health.disagree(&epoch);
                }
                true
            }
            (Role::Master, false) | (Role::Replica, true) => false,
        }
    }

    /// Asks again for tracking. A silent server is not replaced for that: commands sent to it time
    /// out.
    async fn retry(&self, number: u64, mut connection: MultiplexedConnection) -> bool {
        let begun = self.begin(&mut connection, number);
        match tokio::time::timeout(self.bound, begun).await {
            Ok(begun) => begun.is_ok(),
            // The reply may still come, and with it tracking that is not recorded.
            Err(_) => false,
        }
    }

    /// Records an acknowledgement, unless its connection is lost.
    fn record(&self, number: u64, record: impl FnOnce(&NodeHealth)) {
        let incarnation = self.incarnation();
        if incarnation.number == number && !incarnation.is_lost {
            record(&self.health);
        }
    }

    fn prefixes(&self) -> MutexGuard<'_, BucketPrefixes> {
        self.prefixes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn incarnation(&self) -> MutexGuard<'_, Incarnation> {
        self.incarnation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for a server's role, and whether it agrees about the topology.
async fn role_and_agreement(
    connection: &mut MultiplexedConnection,
    epoch: &TopologyEpoch,
) -> Result<(Role, bool), RedisError> {
    let mut pipeline = Pipeline::new();
    pipeline.cmd("ROLE");
    let replies = connection.send_packed_commands(&pipeline, 0, 1).await?;
    Ok(match role(&replies) {
        Role::Unknown(refusal) => (Role::Unknown(refusal), true),
        role => (role, agrees(connection, epoch).await?),
    })
}

/// Returns whether a master knows the same topology, if there is one, and considers the cluster
/// healthy.
async fn agrees(
    connection: &mut MultiplexedConnection,
    epoch: &TopologyEpoch,
) -> Result<bool, RedisError> {
    let Some(topology) = &epoch.topology else {
        return Ok(true);
    };
    let view = View::fetch(connection).await?;
    Ok(view.is_ok && view.topology.agrees_with(topology))
}

fn refusal(reply: &Value) -> Option<ServerError> {
    match reply {
        Value::ServerError(error) => Some(error.clone()),
        _ => None,
    }
}

fn track(pipeline: &mut Pipeline, prefixes: &[String]) {
    pipeline
        .cmd("CLIENT")
        .arg("TRACKING")
        .arg("ON")
        .arg("BCAST");
    // Without any prefix, all keys are tracked.
    for prefix in prefixes.iter().filter(|prefix| !prefix.is_empty()) {
        pipeline.arg("PREFIX").arg(prefix);
    }
    pipeline.arg("NOLOOP");
}
