//! Client tracking: the server tells which keys others change.
//!
//! In broadcasting mode the server tells of every key that begins with a prefix:
//! <https://redis.io/docs/latest/develop/reference/client-side-caching/>. `NOLOOP` leaves out what this
//! connection writes. News come over the connection that carries the answers, in their order, so an
//! answer that was read is never behind news that were read before it.
//!
//! A server refuses prefixes that overlap. So what is followed is the least set that covers all open
//! buckets; a bucket that needs another set needs another connection.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Pipeline, PushInfo, PushKind, RedisError, ServerErrorKind, Value};

use super::cluster::View;
use super::connection::{Connection, Failure};
use super::ears::{Ear, Round};
use super::prefixes::{MAX_PREFIXES, Wanted};
use crate::backend::{BackendError, Bucket, Coherence, Heard, News, time};

/// The least bound: a heartbeat takes some time, and the clock that it is counted by has steps of its own.
const LEAST_BOUND: Duration = Duration::from_millis(50);

/// How often a connection is prepared for one bucket, before that is given up.
const ATTEMPTS: usize = 3;

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
#[derive(Default)]
enum Told {
    /// Nothing: the server cannot, or must not.
    #[default]
    Nothing,
    /// Nothing, as long as the server is a replica.
    NothingOfReplica,
    /// All that is changed under these prefixes.
    Under(Vec<String>),
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

    /// Begins to follow what is wanted, on a connection that is new; before it is used for anything
    /// else.
    ///
    /// # Errors
    ///
    /// If the connection does not work. A server that cannot tell, or does not let this user be told,
    /// is none; nor is a replica, which may be behind its master without limit.
    pub(super) async fn begin(
        &self,
        connection: &mut MultiplexedConnection,
        number: u64,
    ) -> Result<(), RedisError> {
        let round = self.ear.round();
        let heard = Heard::after(self.bound);
        let cover = self.wanted().cover();
        let mut pipeline = Pipeline::new();
        pipeline.cmd("ROLE");
        if !cover.is_empty() {
            follow(&mut pipeline, &cover);
        }
        let replies = connection.send_packed_commands(&pipeline, 0, pipeline.len());
        let replies = replies.await?;
        let refusal = replies.get(1).and_then(refusal);
        let told = match (refusal, is_master(&replies)) {
            (Some(refusal), _) => {
                self.refused(&refusal);
                Told::Nothing
            }
            (None, false) => {
                tracing::warn!("the Redis server is a replica: nothing is kept of what it answers");
                self.ear.goes_deaf();
                Told::NothingOfReplica
            }
            (None, true) => Told::Under(cover),
        };
        let is_told = matches!(told, Told::Under(_));
        let agrees = !is_told || agrees(connection, &round).await?;
        self.begun(number, told);
        match agrees {
            true if is_told => self.sign(number, |ear| ear.begins(&round, heard)),
            true => {}
            false => self.ear.disagrees(&round),
        }
        Ok(())
    }

    /// A connection that can carry no news.
    pub(super) fn begin_without(&self, number: u64) {
        self.refused("it does not speak RESP3");
        self.begun(number, Told::Nothing);
    }

    fn begun(&self, number: u64, told: Told) {
        *self.incarnation() = Incarnation {
            number,
            told,
            is_lost: false,
        };
    }

    /// The server tells nothing. If that was not required, what it answered is kept all the same.
    fn refused(&self, why: &str) {
        if self.is_required {
            tracing::error!(
                why,
                "Redis does not tell of changes: nothing is kept of what it answers"
            );
        } else {
            tracing::warn!(
                why,
                "Redis does not tell of changes: what others write is seen when entries expire"
            );
            self.ear.gives_up();
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
                        self.ear.tell(News::Key(key));
                    }
                }
            }
            // The database was flushed; whatever else comes is not understood, and may be anything.
            _ => self.ear.tell(News::Everything),
        }
    }

    /// A connection is lost.
    pub(super) fn lost(&self, number: u64) {
        let mut incarnation = self.incarnation();
        let was_heard = incarnation.number == number && matches!(incarnation.told, Told::Under(_));
        if was_heard && !mem::replace(&mut incarnation.is_lost, true) {
            self.ear.goes_deaf();
        }
    }

    /// Asks whether the server of a connection still is what it was; if not, the connection is to be
    /// lost. What a master has told before it answers is complete.
    pub(super) async fn beat(&self, number: u64, mut connection: MultiplexedConnection) -> bool {
        let was_master = {
            let incarnation = self.incarnation();
            match incarnation.told {
                _ if incarnation.number != number => return true,
                Told::Nothing => return true,
                Told::NothingOfReplica => false,
                Told::Under(_) => true,
            }
        };
        let round = self.ear.round();
        let heard = Heard::after(self.bound);
        let signs = signs(&mut connection, &round);
        match tokio::time::timeout(self.bound / 2, signs).await {
            Ok(Ok(signs)) if signs.is_master == was_master => {
                match signs.agrees {
                    _ if !was_master => {}
                    true => self.sign(number, |ear| ear.hears(&round, heard)),
                    false => self.ear.disagrees(&round),
                }
                true
            }
            _ => false,
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

/// What a server says of itself.
struct Signs {
    is_master: bool,
    agrees: bool,
}

async fn signs(connection: &mut MultiplexedConnection, round: &Round) -> Result<Signs, RedisError> {
    let mut pipeline = Pipeline::new();
    pipeline.cmd("ROLE");
    let replies = connection.send_packed_commands(&pipeline, 0, 1).await?;
    Ok(Signs {
        is_master: is_master(&replies),
        agrees: agrees(connection, round).await?,
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

/// Whether the answer to `ROLE`, which comes first, is a master's: one that must not be asked is taken
/// for one.
pub(super) fn is_master(replies: &[Value]) -> bool {
    match replies.first() {
        Some(Value::Array(role)) => match role.first() {
            Some(Value::BulkString(role)) => role == b"master",
            _ => false,
        },
        Some(Value::ServerError(error)) => error.kind() == Some(ServerErrorKind::NoPerm),
        _ => false,
    }
}

impl Connection {
    /// Makes the server tell of changes in a bucket.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send).
    pub(super) async fn hear(&self, bucket: &Bucket) -> Result<(), BackendError> {
        let Some(tracking) = &self.shared.tracking else {
            return Ok(());
        };
        let deadline = time::deadline_after(self.deadline);
        let _turn = tracking.turn.lock().await;
        for _ in 0..ATTEMPTS {
            let (mut connection, number) = self.up(deadline).await?;
            match tracking.missing(bucket, number) {
                Missing::Nothing => return Ok(()),
                Missing::Connection => {}
                Missing::Prefix => {
                    let pipeline = tracking.following(bucket);
                    let replies = connection.send_packed_commands(&pipeline, 0, 1);
                    if let Ok(Ok(replies)) = time::within(&self.handle, deadline, replies).await
                        && tracking.answered(bucket, number, &replies)
                    {
                        return Ok(());
                    }
                }
            }
            self.shared.lose(number);
        }
        Err(Failure::Lost.into())
    }
}

fn refusal(reply: &Value) -> Option<String> {
    match reply {
        Value::ServerError(error) => Some(error.to_string()),
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
