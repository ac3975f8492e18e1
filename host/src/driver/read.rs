//! Reads: the local tier, then one question to L2 for all that it does not answer.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::ready;

use flipcache_core::{FillOutcome, Read, Ticket};
use futures_util::FutureExt;
use tokio::time::Instant;

use super::Handle;
use super::flight::{Asking, Landed, Question};
use crate::backend::{BackendError, Slot};
use crate::{Error, Source};

/// What a read answers: a wire form, and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) wire: Option<Vec<u8>>,
    pub(crate) source: Source,
}

impl Found {
    pub(super) const NOTHING: Self = Self {
        wire: None,
        source: Source::None,
    };

    /// A hit of the local tier.
    pub(crate) fn local(wire: &[u8]) -> Self {
        Self::new(wire, Source::Local)
    }

    pub(super) fn new(wire: &[u8], source: Source) -> Self {
        Self {
            wire: Some(wire.to_vec()),
            source,
        }
    }
}

/// What the local tier says to a read.
enum Local {
    Hit(Found),
    /// It is known that L2 has nothing.
    Absent,
    /// Ask L2; the local tier could answer if that fails.
    Renew(Ticket),
    Ask(Ticket),
}

impl From<Read<'_>> for Local {
    fn from(read: Read<'_>) -> Self {
        match read {
            Read::Hit(wire) => Self::Hit(Found::local(wire)),
            Read::Absent => Self::Absent,
            Read::ExtendTtl(ticket) => Self::Renew(ticket),
            Read::Miss(ticket) => Self::Ask(ticket),
        }
    }
}

/// A key of a call that L2 is asked for.
pub(super) struct Asked {
    /// Where its answer goes.
    at: usize,
    pub(super) key: Arc<str>,
    pub(super) hash: u64,
    ticket: Ticket,
    /// Why.
    pub(super) reason: Reason,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The local tier does not have it.
    Missing,
    /// The local tier has it, and could answer if L2 fails; its life is to be prolonged.
    Renewed,
    /// L2 has just answered it; its life is to be prolonged.
    Prolonged,
}

impl Asked {
    fn question(&self) -> Question {
        Question {
            key: Arc::clone(&self.key),
            hash: self.hash,
            ticket: self.ticket,
            prolongs: self.reason != Reason::Missing,
        }
    }
}

impl Handle {
    /// The local tier's own answer to a read, if it has one; `None`: nothing has happened yet, and
    /// [`get`](Self::get) goes on. `answer` makes it of the wire form while the shard waits, and must be
    /// short.
    pub(crate) fn local_hit<R>(&self, key: &str, answer: impl FnOnce(&[u8]) -> R) -> Option<R> {
        self.options.key_type.check(key).ok()?;
        let hash = self.hash(key);
        let ttl_on_read = self.options.ttl_on_read();
        self.if_heard(hash, |shard| {
            let wire = shard.find(self.cache(), hash, key, ttl_on_read);
            wire.map(answer)
        })
    }

    pub(crate) async fn get(self: &Arc<Self>, key: &str) -> Result<Found, Error> {
        let until = self.deadline();
        let found = self.get_without_default(key, until).await?;
        if found.wire.is_some() || self.default.is_none() {
            return Ok(found);
        }
        let answers = self.with_defaults(&[key], vec![found], until).await?;
        Ok(answers.into_iter().next().unwrap_or(Found::NOTHING))
    }

    /// Returns what the two tiers have, and nothing else, by the caller's deadline. `None`: it begins now; a hit
    /// reads no clock for it.
    pub(super) async fn get_without_default(
        self: &Arc<Self>,
        key: &str,
        until: Option<Instant>,
    ) -> Result<Found, Error> {
        let hash = self.place(key)?;
        let is_late = !self.hears();
        let until = until.or_else(|| self.deadline_if(is_late));
        if let Err(error) = self.hear_by(until).await {
            let found = self.stale(hash, key, &error);
            self.failed();
            return found.ok_or_else(|| error.into());
        }
        let (ticket, reason) = match self.read_local(key, hash) {
            Local::Hit(found) => return Ok(found),
            Local::Absent => return Ok(Found::NOTHING),
            Local::Renew(ticket) => (ticket, Reason::Renewed),
            Local::Ask(ticket) => (ticket, Reason::Missing),
        };
        let asked = Asked {
            at: 0,
            key: key.into(),
            hash,
            ticket,
            reason,
        };
        let mut answers = [Found::NOTHING];
        let until = until.or_else(|| self.deadline());
        self.ask_all(vec![asked], &mut answers, until, is_late)
            .await?;
        let [found] = answers;
        Ok(found)
    }

    /// One answer for each key, in the order asked for. Fails whole.
    pub(crate) async fn get_many(
        self: &Arc<Self>,
        keys: &[impl AsRef<str>],
    ) -> Result<Vec<Found>, Error> {
        let mut placed = Vec::with_capacity(keys.len());
        for key in keys {
            let key = key.as_ref();
            placed.push((self.place(key)?, key));
        }
        let mut answers = vec![Found::NOTHING; keys.len()];
        let is_late = !self.hears();
        let until = self.deadline_if(is_late);
        if let Err(error) = self.hear_by(until).await {
            self.failed();
            for (answer, (hash, key)) in answers.iter_mut().zip(placed) {
                let found = self.stale(hash, key, &error);
                *answer = found.ok_or_else(|| error.again())?;
            }
            return Ok(answers);
        }
        let mut asked = Vec::new();
        self.read_local_many(&placed, |at, local| {
            let (ticket, reason) = match local {
                Local::Hit(found) => {
                    answers[at] = found;
                    return;
                }
                Local::Absent => return,
                Local::Renew(ticket) => (ticket, Reason::Renewed),
                Local::Ask(ticket) => (ticket, Reason::Missing),
            };
            let (hash, key) = placed[at];
            let key = key.into();
            asked.push(Asked {
                at,
                key,
                hash,
                ticket,
                reason,
            });
        });
        let until = until.or_else(|| self.deadline_if(!asked.is_empty()));
        self.ask_all(asked, &mut answers, until, is_late).await?;
        self.with_defaults(keys, answers, until).await
    }

    /// Asks L2 in one round trip, and in a second one for what has its life prolonged.
    ///
    /// The call of the backend has the deadline `until` itself, unless the caller `is_late`, waits for the call of
    /// another one first, or for a second one.
    async fn ask_all(
        self: &Arc<Self>,
        mut asked: Vec<Asked>,
        answers: &mut [Found],
        until: Option<Instant>,
        mut is_late: bool,
    ) -> Result<(), Error> {
        while !asked.is_empty() {
            let Asking {
                answers: landing,
                pilot,
                are_boarding,
            } = self.ask(asked.iter().map(Asked::question));
            is_late |= are_boarding;
            let until = until.filter(|_| is_late);
            is_late = true;
            let mut again = Vec::new();
            for (asked, mut landing) in asked.into_iter().zip(landing) {
                let landed = poll_fn(|context| {
                    if let Some(pilot) = &pilot {
                        ready!(pilot.poll(context));
                    }
                    landing.poll_unpin(context)
                });
                let landed = self.by(until, landed).await;
                let timeout = || Ok(Err(Arc::new(BackendError::Timeout)));
                let landed = landed.unwrap_or_else(timeout);
                let landed = landed.map_err(|_| Error::TaskCancelled)?;
                if asked.reason == Reason::Prolonged && landed.is_err() {
                    // What was answered stands: its life is not over.
                    continue;
                }
                let has_to_prolong =
                    asked.reason == Reason::Missing && self.has_to_prolong(&landed);
                answers[asked.at] = self.found(&asked, landed)?;
                if has_to_prolong {
                    again.push(Asked {
                        ticket: self.ticket(asked.hash, &asked.key),
                        reason: Reason::Prolonged,
                        ..asked
                    });
                }
            }
            asked = again;
        }
        Ok(())
    }

    fn has_to_prolong(&self, landed: &Landed) -> bool {
        let slot = landed.as_ref().map(|landing| &landing.slot);
        matches!(slot, Ok(Slot::Entry(entry)) if self.options.needs_ttl_extension(entry.ttl))
    }

    fn read_local(&self, key: &str, hash: u64) -> Local {
        let ttl_on_read = self.options.ttl_on_read();
        let is_heard = self.driver.member.is_live();
        self.with_shard(hash, |shard| {
            if is_heard && let Some(wire) = shard.find(self.cache(), hash, key, ttl_on_read) {
                return Local::Hit(Found::local(wire));
            }
            let remembers = !self.resilience.absent_ttl.is_zero();
            if !is_heard || (ttl_on_read.is_none() && !remembers) {
                // Nothing that is here waits for a longer life, or tells that there is nothing: it is a miss.
                return Local::Ask(shard.ticket(self.cache(), hash, key));
            }
            let mut local = Local::Ask(Ticket::VOID);
            shard.read(self.cache(), &[(hash, key)], ttl_on_read, &mut |read| {
                local = read.into();
            });
            local
        })
    }

    /// Tells what the local tier says to each key, a shard's keys after the other's.
    fn read_local_many(&self, placed: &[(u64, &str)], mut tell: impl FnMut(usize, Local)) {
        let ttl_on_read = self.options.ttl_on_read();
        let (cache, tiers) = (self.cache(), &self.driver.tiers);
        let is_heard = self.driver.member.is_live();
        tiers.with_each(&self.opened, placed, |shard, indices| {
            if !is_heard {
                for at in indices {
                    let (hash, key) = placed[*at];
                    tell(*at, Local::Ask(shard.ticket(cache, hash, key)));
                }
                return;
            }
            let mut missed = Vec::new();
            shard.find_many(
                cache,
                placed,
                indices,
                ttl_on_read,
                &mut |at, found| match found {
                    Some(wire) => tell(at, Local::Hit(Found::local(wire))),
                    None => missed.push(at),
                },
            );
            if missed.is_empty() {
                return;
            }
            let keys: Vec<_> = missed.iter().map(|at| placed[*at]).collect();
            let mut rest = missed.iter();
            shard.read(cache, &keys, ttl_on_read, &mut |read| {
                let at = rest.next().copied().unwrap_or_default();
                tell(at, read.into());
            });
        });
    }

    /// What an answer of L2 means.
    fn found(&self, asked: &Asked, landed: Landed) -> Result<Found, Error> {
        let key = &*asked.key;
        let landing = match landed {
            Ok(landing) => landing,
            Err(error) => {
                let found = self.without_l2(asked, &error);
                return found.ok_or_else(|| error.again().into());
            }
        };
        // Where nobody shares it, it is not copied.
        let (slot, settled) = match Arc::try_unwrap(landing) {
            Ok(landing) => (landing.slot, landing.settled),
            Err(shared) => (shared.slot.clone(), shared.settled),
        };
        match slot {
            Slot::Absent => Ok(Found::NOTHING),
            Slot::WrongType => Err(Error::WrongType {
                key: key.to_owned(),
            }),
            Slot::Entry(_) if settled == FillOutcome::Undecodable => Err(Error::Undecodable {
                key: key.to_owned(),
            }),
            Slot::Entry(entry) => Ok(Found {
                wire: Some(entry.value),
                source: Source::Backend,
            }),
        }
    }
}
