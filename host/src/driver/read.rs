//! Reads: the local tier, then one question to L2 for all that it does not answer.

use std::sync::Arc;

use flipcache_core::{Clock, Read, Settled, Shard};

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
}

/// What the local tier says to a read.
enum Local {
    Found(Found),
    /// The question, and whether the local tier could answer if L2 does not.
    Ask(Question, bool),
}

impl Handle {
    pub(crate) async fn get(self: &Arc<Self>, key: &str) -> Result<Found, Error> {
        let found = self.get_without_default(key).await?;
        if found.wire.is_some() || self.default.is_none() {
            return Ok(found);
        }
        let answers = self.with_defaults(&[key], vec![found]).await?;
        Ok(answers.into_iter().next().unwrap_or(Found::NOTHING))
    }

    /// The local tier's answer to a read, if it has one; else nothing has happened yet. `work` must be
    /// short: the tiers wait for it.
    #[cfg(feature = "wasmtime")]
    pub(crate) fn local_hit<R>(
        &self,
        key: &str,
        work: impl FnOnce(&[u8]) -> R,
    ) -> Result<Option<R>, Error> {
        let hash = self.place(key)?;
        let ttl = self.options.ttl_on_read();
        Ok(self.with_tiers(
            |shard, clock| match shard.read(self.cache, hash, key, ttl, clock) {
                Read::Hit(wire) => Some(work(wire)),
                Read::Renew(_) | Read::Miss(_) => None,
            },
        ))
    }

    /// What the two tiers have, and nothing else.
    pub(super) async fn get_without_default(self: &Arc<Self>, key: &str) -> Result<Found, Error> {
        let hash = self.place(key)?;
        let local = self.with_tiers(|shard, clock| self.read_local(shard, clock, key, hash));
        let (question, renews) = match local {
            Local::Found(found) => return Ok(found),
            Local::Ask(question, renews) => (question, renews),
        };
        let mut found = Found::NOTHING;
        for answer in self.ask(vec![question], self.options.ttl_on_read()) {
            let landed = answer.await.map_err(|_| Error::Ended)?;
            found = self.found(key, hash, renews, landed)?;
        }
        Ok(found)
    }

    /// One answer for each key, in the order asked for. Fails whole.
    pub(crate) async fn get_many(self: &Arc<Self>, keys: &[&str]) -> Result<Vec<Found>, Error> {
        let hashes = keys.iter().map(|key| self.place(key));
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        let mut answers = vec![Found::NOTHING; keys.len()];
        let (mut questions, mut asked) = (Vec::new(), Vec::new());
        self.with_tiers(|shard, clock| {
            for (at, (key, hash)) in keys.iter().zip(hashes).enumerate() {
                match self.read_local(shard, clock, key, hash) {
                    Local::Found(found) => answers[at] = found,
                    Local::Ask(question, renews) => {
                        questions.push(question);
                        asked.push((at, hash, renews));
                    }
                }
            }
        });
        let landing = self.ask(questions, self.options.ttl_on_read());
        for ((at, hash, renews), answer) in asked.into_iter().zip(landing) {
            let landed = answer.await.map_err(|_| Error::Ended)?;
            answers[at] = self.found(keys[at], hash, renews, landed)?;
        }
        self.with_defaults(keys, answers).await
    }

    fn read_local(&self, shard: &mut Shard, clock: Clock<'_>, key: &str, hash: u64) -> Local {
        let read = shard.read(self.cache, hash, key, self.options.ttl_on_read(), clock);
        let (ticket, renews) = match read {
            Read::Hit(wire) => {
                return Local::Found(Found {
                    wire: Some(wire.to_vec()),
                    source: Source::Local,
                });
            }
            Read::Renew(ticket) => (ticket, true),
            Read::Miss(ticket) => (ticket, false),
        };
        let key = key.to_owned();
        Local::Ask(Question { key, hash, ticket }, renews)
    }

    /// What an answer of L2 means. If L2 failed, an entry whose life was to be prolonged still answers.
    fn found(&self, key: &str, hash: u64, renews: bool, landed: Landed) -> Result<Found, Error> {
        let landing = match landed {
            Ok(landing) => landing,
            Err(error) => {
                let left = self.with_tiers(|shard, clock| {
                    let wire = shard.peek(self.cache, hash, key, clock).filter(|_| renews);
                    wire.map(<[u8]>::to_vec)
                });
                let found = left.map(|wire| Found {
                    wire: Some(wire),
                    source: Source::Local,
                });
                return found.ok_or_else(|| error.again().into());
            }
        };
        match &landing.slot {
            Slot::Absent => Ok(Found::NOTHING),
            Slot::WrongType => Err(Error::WrongType {
                key: key.to_owned(),
            }),
            Slot::Entry(_) if landing.settled == Settled::Undecodable => Err(Error::Undecodable {
                key: key.to_owned(),
            }),
            Slot::Entry(entry) => Ok(Found {
                wire: Some(entry.value.clone()),
                source: Source::Backend,
            }),
        }
    }

    /// Answers the default for keys that are in neither tier, and stores it where the cache says so.
    async fn with_defaults(
        self: &Arc<Self>,
        keys: &[&str],
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
            .map(|at| (keys[*at].to_owned(), default.clone()));
        let held = self
            .put_if_absent(entries.collect(), self.options.ttl)
            .await?;
        for (at, held) in absent.into_iter().zip(held) {
            match held {
                // Just written, or absent again already: the default it is.
                None | Some(Slot::Absent) => {}
                Some(Slot::WrongType) => {
                    return Err(Error::WrongType {
                        key: keys[at].to_owned(),
                    });
                }
                Some(Slot::Entry(entry)) if !self.is_readable(&entry.value) => {
                    let key = keys[at].to_owned();
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
