//! Reads: the local tier, then one question to L2 for all that it does not answer.

use std::sync::Arc;

use flipcache_core::{Read, Settled, Ticket};

use super::Handle;
use super::flight::{Landed, Question};
use crate::backend::Slot;
use crate::{Error, Source};

/// What a read answers: a wire form, and where it came from.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    pub(crate) wire: Option<Vec<u8>>,
    pub(crate) source: Source,
}

impl Found {
    const NOTHING: Self = Self {
        wire: None,
        source: Source::None,
    };

    /// A hit of the local tier.
    pub(crate) fn local(wire: &[u8]) -> Self {
        Self {
            wire: Some(wire.to_vec()),
            source: Source::Local,
        }
    }
}

/// What the local tier says to a read.
enum Local {
    Hit(Found),
    /// Ask L2; the local tier could answer if that fails.
    Renew(Ticket),
    Ask(Ticket),
}

impl From<Read<'_>> for Local {
    fn from(read: Read<'_>) -> Self {
        match read {
            Read::Hit(wire) => Self::Hit(Found::local(wire)),
            Read::Renew(ticket) => Self::Renew(ticket),
            Read::Miss(ticket) => Self::Ask(ticket),
        }
    }
}

/// A key of a call that L2 is asked for.
struct Asked {
    /// Where its answer goes.
    at: usize,
    key: Arc<str>,
    hash: u64,
    ticket: Ticket,
    /// Why.
    reason: Reason,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reason {
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
        let found = self.get_without_default(key).await?;
        if found.wire.is_some() || self.default.is_none() {
            return Ok(found);
        }
        let answers = self.with_defaults(&[key], vec![found]).await?;
        Ok(answers.into_iter().next().unwrap_or(Found::NOTHING))
    }

    /// What the two tiers have, and nothing else.
    pub(super) async fn get_without_default(self: &Arc<Self>, key: &str) -> Result<Found, Error> {
        let hash = self.place(key)?;
        self.noted(self.hear().await)?;
        let (ticket, reason) = match self.read_local(key, hash) {
            Local::Hit(found) => return Ok(found),
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
        self.ask_all(vec![asked], &mut answers).await?;
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
        self.noted(self.hear().await)?;
        let mut answers = vec![Found::NOTHING; keys.len()];
        let mut asked = Vec::new();
        self.read_local_many(&placed, |at, local| {
            let (ticket, reason) = match local {
                Local::Hit(found) => {
                    answers[at] = found;
                    return;
                }
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
        self.ask_all(asked, &mut answers).await?;
        self.with_defaults(keys, answers).await
    }

    /// Asks L2 in one round trip, and in a second one for what has its life prolonged.
    async fn ask_all(
        self: &Arc<Self>,
        mut asked: Vec<Asked>,
        answers: &mut [Found],
    ) -> Result<(), Error> {
        while !asked.is_empty() {
            let landing = self.ask(asked.iter().map(Asked::question));
            let mut again = Vec::new();
            for (asked, answer) in asked.into_iter().zip(landing) {
                let landed = answer.await.map_err(|_| Error::Ended)?;
                if asked.reason == Reason::Prolonged && landed.is_err() {
                    // What was answered stands: its life is not over.
                    continue;
                }
                let has_to_prolong =
                    asked.reason == Reason::Missing && self.has_to_prolong(&landed);
                answers[asked.at] = self.found(&asked, landed)?;
                if has_to_prolong {
                    again.push(Asked {
                        ticket: self.ticket(asked.hash),
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
        matches!(slot, Ok(Slot::Entry(entry)) if self.options.has_to_prolong(entry.ttl))
    }

    fn read_local(&self, key: &str, hash: u64) -> Local {
        let ttl_on_read = self.options.ttl_on_read();
        let is_heard = self.driver.member.is_heard();
        self.with_shard(hash, |shard| {
            if is_heard && let Some(wire) = shard.find(self.cache(), hash, key, ttl_on_read) {
                return Local::Hit(Found::local(wire));
            }
            if ttl_on_read.is_none() || !is_heard {
                // Nothing that is here waits for a longer life: it is a miss.
                return Local::Ask(shard.ticket(self.cache(), hash));
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
        let is_heard = self.driver.member.is_heard();
        tiers.with_each(&self.opened, placed, |shard, indices| {
            if !is_heard {
                for at in indices {
                    tell(*at, Local::Ask(shard.ticket(cache, placed[*at].0)));
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

    /// What an answer of L2 means. If L2 failed, an entry whose life was to be prolonged still answers.
    fn found(&self, asked: &Asked, landed: Landed) -> Result<Found, Error> {
        let (key, hash) = (&*asked.key, asked.hash);
        let landing = match landed {
            Ok(landing) => landing,
            Err(error) => {
                let found = self.if_heard(hash, |shard| {
                    let wire = shard.peek(self.cache(), hash, key);
                    wire.filter(|_| asked.reason == Reason::Renewed)
                        .map(Found::local)
                });
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
            Slot::Entry(_) if settled == Settled::Undecodable => Err(Error::Undecodable {
                key: key.to_owned(),
            }),
            Slot::Entry(entry) => Ok(Found {
                wire: Some(entry.value),
                source: Source::Backend,
            }),
        }
    }

    /// Answers the default for keys that are in neither tier, and stores it where the cache says so.
    async fn with_defaults(
        self: &Arc<Self>,
        keys: &[impl AsRef<str>],
        mut answers: Vec<Found>,
    ) -> Result<Vec<Found>, Error> {
        let Some(default) = &self.default else {
            return Ok(answers);
        };
        let is_absent = |at: &usize| answers[*at].wire.is_none();
        let absent: Vec<usize> = (0..answers.len()).filter(is_absent).collect();
        for at in &absent {
            answers[*at] = Found {
                wire: Some(default.clone()),
                source: Source::Default,
            };
        }
        if absent.is_empty() || !self.options.store_default {
            return Ok(answers);
        }
        let entries = absent
            .iter()
            .map(|at| (keys[*at].as_ref().to_owned(), default.clone()));
        let held = self
            .put_if_absent(entries.collect(), self.options.ttl)
            .await?;
        for (at, held) in absent.into_iter().zip(held) {
            match held {
                // Just written, or absent again already: the default it is.
                None | Some(Slot::Absent) => {}
                Some(Slot::WrongType) => {
                    return Err(Error::WrongType {
                        key: keys[at].as_ref().to_owned(),
                    });
                }
                Some(Slot::Entry(entry)) if !self.is_readable(&entry.value) => {
                    let key = keys[at].as_ref().to_owned();
                    return Err(Error::Undecodable { key });
                }
                Some(Slot::Entry(entry)) => {
                    answers[at] = Found {
                        wire: Some(entry.value),
                        source: Source::Backend,
                    };
                }
            }
        }
        Ok(answers)
    }
}
