//! Client tracking: the server tells which keys others change.
//!
//! In broadcasting mode the server tells of every key that begins with a prefix:
//! <https://redis.io/docs/latest/develop/reference/client-side-caching/>. `NOLOOP` leaves out what this
//! connection writes. FeedEvent come over the connection that carries the answers, in their order, so an
//! answer that was read is never behind news that were read before it.
//!
//! A server refuses prefixes that overlap. So what is followed is the least set that covers all open
//! buckets; a bucket that needs another set needs another connection.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{io, mem};

use ::redis::aio::MultiplexedConnection;
use ::redis::{Pipeline, PushInfo, PushKind, RedisError, ServerError, Value};
use tokio::time::Instant;

use super::cluster::View;
use super::error;
use super::prefixes::{MAX_PREFIXES, Wanted};
use super::role::{Role, role};
use super::supervisor::pause;
use super::tracking_health::{Ear, Round};
use crate::backend::{Bucket, Coherence, FeedEvent, Lease};

/// The least bound: a heartbeat takes some time, and the clock that it is counted by has steps of its own.
const LEAST_BOUND: Duration = Duration::from_millis(50);

/// After so many bounds, a server that cannot or must not tell of changes is asked again whether it does.
pub(super) const LASTING_BOUNDS: u32 = 8;

/// What is followed of a server, and on which connection.
pub(super) struct Tracking {
    pub(super) ear: Ear,
    is_required: bool,
    /// How long after the last sign of the server news are taken to be complete.
    pub(super) bound: Duration,
    /// The prefixes of all buckets that have been asked for, of all servers of the store.
    wanted: Arc<Mutex<Wanted>>,
    incarnation: Mutex<Incarnation>,
    /// Whoever changes what is followed.
    pub(super) turn: tokio::sync::Mutex<()>,
}

/// A connection.
#[derive(Default)]
struct Incarnation {
    number: u64,
    told: Told,
    is_lost: bool,
}

/// What a connection tells of changes.
enum Told {
    /// Nothing: the server refused tracking.
    Nothing(Refused),
    /// Nothing, as long as the server is a replica.
    NothingOfReplica,
    /// All that is changed under these prefixes.
    Under(Vec<String>),
}

impl Default for Told {
    fn default() -> Self {
        Self::Nothing(Refused::Older)
    }
}

/// Why there is no tracking on a connection.
#[derive(Clone, Copy)]
enum Refused {
    /// The connection cannot carry pushes.
    Older,
    /// The server cannot, or must not: asked again now and then, as users and servers can be changed.
    Lasting(Instant),
    /// The server is busy, loads its data, or the like: asked again at this moment, after so many failures.
    Passing(Instant, u32),
}

/// What a connection lacks to hear of a bucket.
pub(super) enum Missing {
    Nothing,
    /// The prefix can be followed as well.
    Prefix,
    /// Another connection.
    Connection,
}

impl Tracking {
    /// `None` if it is switched off.
    pub(super) fn new(coherence: Coherence, bound: Duration, ear: Ear) -> Option<Self> {
        let is_required = match coherence {
            Coherence::Off => return None,
            Coherence::Auto => false,
            Coherence::Tracking => true,
        };
        Some(Self {
            ear,
            is_required,
            bound: bound.max(LEAST_BOUND),
            wanted: Arc::default(),
            incarnation: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        })
    }

    /// The same of another server of the store.
    pub(super) fn of_another(&self, ear: Ear) -> Self {
        Self {
            ear,
            is_required: self.is_required,
            bound: self.bound,
            wanted: Arc::clone(&self.wanted),
            incarnation: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Connections that begin from now on follow a bucket, too.
    pub(super) fn want(&self, bucket: &Bucket) {
        self.wanted().want(bucket.prefix());
    }

    /// Begins to follow what is wanted, on a connection that follows nothing.
    ///
    /// # Errors
    ///
    /// If the connection does not work. A server that refuses tracking is no error, and is asked again by
    /// [`beat`](Self::beat); nor is a replica, which may be behind its master without limit.
    pub(super) async fn begin(
        &self,
        connection: &mut MultiplexedConnection,
        number: u64,
    ) -> Result<(), RedisError> {
        let round = self.ear.round();
        let heard = Lease::after(self.bound);
        let cover = self.wanted().cover();
        // If tracking is on although it is not known to be, its prefixes overlap with these.
        let off = usize::from(self.asks_again(number).is_some());
        let mut pipeline = Pipeline::new();
        if off == 1 {
            pipeline.cmd("CLIENT").arg("TRACKING").arg("OFF");
        }
        pipeline.cmd("ROLE");
        if !cover.is_empty() {
            follow(&mut pipeline, &cover);
        }
        let replies = connection.send_packed_commands(&pipeline, off, pipeline.len() - off);
        let replies = replies.await?;
        let told = match (replies.get(1).and_then(refusal), role(&replies)) {
            (Some(refusal), _) | (None, Role::Unknown(refusal)) => self.refused(number, &refusal),
            (None, Role::Replica) => {
                tracing::warn!("the Redis server is a replica: nothing is kept of what it answers");
                self.ear.goes_deaf();
                Told::NothingOfReplica
            }
            (None, Role::Master) => Told::Under(cover.clone()),
        };
        let is_told = matches!(told, Told::Under(_));
        let agrees = !is_told || agrees(connection, &round).await?;
        self.begun(number, told);
        // A bucket that was opened meanwhile found a connection without tracking, and relies on this one.
        if is_told && self.wanted().cover() != cover {
            return Err(io::Error::from(io::ErrorKind::Interrupted).into());
        }
        match agrees {
            true if is_told => self.sign(number, |ear| ear.begins(&round, heard)),
            true => {}
            false => self.ear.disagrees(&round),
        }
        Ok(())
    }

    /// A connection that can carry no pushes.
    pub(super) fn begin_without(&self, number: u64) {
        self.gives_up("it does not speak RESP3");
        self.begun(number, Told::Nothing(Refused::Older));
    }

    fn begun(&self, number: u64, told: Told) {
        let mut incarnation = self.incarnation();
        *incarnation = Incarnation {
            number,
            told,
            is_lost: incarnation.number == number && incarnation.is_lost,
        };
    }

    /// The server refused tracking on the connection `number`.
    fn refused(&self, number: u64, refusal: &ServerError) -> Told {
        let known = {
            let incarnation = self.incarnation();
            match incarnation.told {
                Told::Nothing(refused) if incarnation.number == number => Some(refused),
                _ => None,
            }
        };
        let again = Instant::now() + self.bound.saturating_mul(LASTING_BOUNDS);
        if error::is_lasting(refusal) {
            if !matches!(known, Some(Refused::Lasting(_))) {
                self.gives_up(&error::words(refusal));
            }
            return Told::Nothing(Refused::Lasting(again));
        }
        let failures = match known {
            // Whether that still holds, the server did not say.
            Some(Refused::Lasting(_)) => return Told::Nothing(Refused::Lasting(again)),
            Some(Refused::Passing(_, failures)) => failures.saturating_add(1),
            Some(Refused::Older) | None => 0,
        };
        if failures == 0 {
            let why = error::words(refusal);
            tracing::warn!(why, "Redis refuses to track keys for now; retrying");
            self.ear.goes_deaf();
        }
        Told::Nothing(Refused::Passing(Instant::now() + pause(failures), failures))
    }

    /// The server tells nothing. If that was not required, what it answered is kept all the same.
    fn gives_up(&self, why: &str) {
        if self.is_required {
            tracing::error!(
                why,
                "Redis does not tell of changes: nothing is kept of what it answers"
            );
            self.ear.goes_deaf();
        } else {
            tracing::warn!(
                why,
                "Redis does not tell of changes: what others write is seen when entries expire"
            );
            self.ear.gives_up();
        }
    }

    /// When the server of the connection `number` is asked again for the tracking that it refused.
    pub(super) fn asks_again(&self, number: u64) -> Option<Instant> {
        let incarnation = self.incarnation();
        match incarnation.told {
            _ if incarnation.number != number => None,
            Told::Nothing(Refused::Lasting(at) | Refused::Passing(at, _)) => Some(at),
            _ => None,
        }
    }

    /// What the connection `number` lacks to hear of a bucket, which is wanted from now on.
    pub(super) fn missing(&self, bucket: &Bucket, number: u64) -> Missing {
        let prefix = bucket.prefix();
        self.want(bucket);
        let incarnation = self.incarnation();
        let Told::Under(followed) = &incarnation.told else {
            return Missing::Nothing;
        };
        if incarnation.number != number {
            return Missing::Connection;
        }
        if followed.iter().any(|followed| prefix.starts_with(followed)) {
            return Missing::Nothing;
        }
        let overlaps = followed.iter().any(|followed| followed.starts_with(prefix));
        match overlaps || followed.len() >= MAX_PREFIXES {
            true => Missing::Connection,
            false => Missing::Prefix,
        }
    }

    /// The command that makes a connection follow a bucket as well.
    pub(super) fn following(&self, bucket: &Bucket) -> Pipeline {
        let mut pipeline = Pipeline::new();
        follow(&mut pipeline, &[bucket.prefix().to_owned()]);
        pipeline
    }

    /// That was answered; whether it is followed.
    pub(super) fn answered(&self, bucket: &Bucket, number: u64, replies: &[Value]) -> bool {
        if replies.first().is_none_or(|reply| refusal(reply).is_some()) {
            return false;
        }
        let mut incarnation = self.incarnation();
        if incarnation.number == number
            && let Told::Under(followed) = &mut incarnation.told
        {
            followed.push(bucket.prefix().to_owned());
        }
        true
    }

    /// Takes in what the server says unasked on the connection `number`.
    pub(super) fn hear(&self, push: &PushInfo) {
        if push.kind != PushKind::Invalidate {
            return;
        }
        match push.data.first() {
            Some(Value::Array(keys)) => {
                for key in keys {
                    // What is no text is no key of a cache.
                    if let Value::BulkString(key) = key
                        && let Ok(key) = str::from_utf8(key)
                    {
                        self.ear.tell(FeedEvent::Key(key));
                    }
                }
            }
            // The database was flushed; whatever else comes is not understood, and may be anything.
            _ => self.ear.tell(FeedEvent::All),
        }
    }

    /// A connection is lost.
    pub(super) fn lost(&self, number: u64) {
        let mut incarnation = self.incarnation();
        if incarnation.number != number || mem::replace(&mut incarnation.is_lost, true) {
            return;
        }
        // Entries that were stored without tracking stay.
        if matches!(incarnation.told, Told::Under(_)) {
            self.ear.goes_deaf();
        }
    }

    /// Asks whether the server of a connection still is what it was, or again for the tracking that it
    /// refused; if the answer is no, the connection is to be lost. What a master has told before it answers
    /// is complete.
    pub(super) async fn beat(&self, number: u64, mut connection: MultiplexedConnection) -> bool {
        if let Some(at) = self.asks_again(number) {
            let is_due = at <= Instant::now();
            return !is_due || self.ask_again(number, connection).await;
        }
        let was_master = {
            let incarnation = self.incarnation();
            match incarnation.told {
                _ if incarnation.number != number => return true,
                Told::Nothing(_) => return true,
                Told::NothingOfReplica => false,
                Told::Under(_) => true,
            }
        };
        let round = self.ear.round();
        let heard = Lease::after(self.bound);
        let signs = signs(&mut connection, &round);
        let Ok(Ok((role, agrees))) = tokio::time::timeout(self.bound / 2, signs).await else {
            return false;
        };
        match (role, was_master) {
            // No sign: what was told is complete until the last one is too old.
            (Role::Unknown(_), _) => true,
            (Role::Replica, false) => true,
            (Role::Master, true) => {
                match agrees {
                    true => self.sign(number, |ear| ear.hears(&round, heard)),
                    false => self.ear.disagrees(&round),
                }
                true
            }
            (Role::Master, false) | (Role::Replica, true) => false,
        }
    }

    /// Asks for the tracking that was refused. A server that says nothing is left to those who send it
    /// commands.
    async fn ask_again(&self, number: u64, mut connection: MultiplexedConnection) -> bool {
        let begun = self.begin(&mut connection, number);
        match tokio::time::timeout(self.bound, begun).await {
            Ok(begun) => begun.is_ok(),
            // The reply may still come, and with it tracking that is not accounted for.
            Err(_) => false,
        }
    }

    /// A sign counts only as long as its connection is not lost.
    fn sign(&self, number: u64, sign: impl FnOnce(&Ear)) {
        let incarnation = self.incarnation();
        if incarnation.number == number && !incarnation.is_lost {
            sign(&self.ear);
        }
    }

    fn wanted(&self) -> MutexGuard<'_, Wanted> {
        self.wanted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn incarnation(&self) -> MutexGuard<'_, Incarnation> {
        self.incarnation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks for a server's role, and whether it agrees about the topology.
async fn signs(
    connection: &mut MultiplexedConnection,
    round: &Round,
) -> Result<(Role, bool), RedisError> {
    let mut pipeline = Pipeline::new();
    pipeline.cmd("ROLE");
    let replies = connection.send_packed_commands(&pipeline, 0, 1).await?;
    Ok(match role(&replies) {
        Role::Unknown(refusal) => (Role::Unknown(refusal), true),
        role => (role, agrees(connection, round).await?),
    })
}

/// Whether a master knows the same topology, if there is one, and takes the cluster to be well.
async fn agrees(connection: &mut MultiplexedConnection, round: &Round) -> Result<bool, RedisError> {
    let Some(topology) = &round.topology else {
        return Ok(true);
    };
    let view = View::ask(connection).await?;
    Ok(view.is_ok && view.topology.agrees_with(topology))
}

fn refusal(reply: &Value) -> Option<ServerError> {
    match reply {
        Value::ServerError(error) => Some(error.clone()),
        _ => None,
    }
}

fn follow(pipeline: &mut Pipeline, prefixes: &[String]) {
    pipeline
        .cmd("CLIENT")
        .arg("TRACKING")
        .arg("ON")
        .arg("BCAST");
    // Without any, all keys are followed.
    for prefix in prefixes.iter().filter(|prefix| !prefix.is_empty()) {
        pipeline.arg("PREFIX").arg(prefix);
    }
    pipeline.arg("NOLOOP");
}
