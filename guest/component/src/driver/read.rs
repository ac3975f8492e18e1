//! Reads: the local tier, then one question to L2 for all that it does not answer.

use std::time::Duration;

use flipcache_core::{FillOutcome, Read, Ticket};

use super::fallback::is_outage;
use super::{Driver, wrong_number};
use crate::bindings::exports::flipcache::cache::cache::{Error, Found, Source};
use crate::bindings::flipcache::cache::kv_backend::Slot;
use crate::convert::{answer, to_millis};
use crate::state::{clock, with_shard};

/// What the local tier says to a read.
enum Local {
    Found(Found),
    /// It is known that L2 has nothing.
    Absent(Question),
    Ask(Question),
}

/// A key that L2 has to be asked for.
pub(super) struct Question {
    /// Where its answer goes.
    pub(super) at: usize,
    pub(super) key: String,
    pub(super) hash: u64,
    ticket: Ticket,
    /// Why.
    pub(super) reason: Reason,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The local tier does not have it.
    Missing,
    /// The local tier has it, and could answer if L2 does not; its life is to be prolonged.
    Renewed,
    /// L2 has just answered it; its life is to be prolonged.
    Prolonged,
}

impl Question {
    /// Its key, with the hash of the complete one.
    fn placed(&self) -> (u64, &str) {
        (self.hash, &self.key)
    }
}

impl Driver {
    pub(crate) fn get(&self, key: String) -> Result<Found, Error> {
        let hash = self.place(&key)?;
        let is_heard = self.catch_up();
        if is_heard && let Some(hit) = self.hit(hash, &key) {
            return hit;
        }
        let mut answers = [NOTHING];
        match self.read_local(0, hash, key, is_heard)? {
            Local::Found(found) => return Ok(found),
            Local::Absent(question) => self.answer_default(vec![question], &mut answers)?,
            Local::Ask(question) => self.ask(vec![question], &mut answers)?,
        }
        let [found] = answers;
        Ok(found)
    }

    /// One answer for each key, in the order asked for. Fails whole.
    pub(crate) fn get_many(&self, keys: Vec<String>) -> Result<Vec<Found>, Error> {
        let hashes = keys.iter().map(|key| self.place(key));
        let hashes = hashes.collect::<Result<Vec<_>, _>>()?;
        let is_heard = self.catch_up();
        let mut answers = Vec::with_capacity(keys.len());
        let (mut questions, mut absent) = (Vec::new(), Vec::new());
        for (at, (key, hash)) in keys.into_iter().zip(hashes).enumerate() {
            let (question, asked) = match self.read_local(at, hash, key, is_heard)? {
                Local::Found(found) => {
                    answers.push(found);
                    continue;
                }
                Local::Absent(question) => (question, &mut absent),
                Local::Ask(question) => (question, &mut questions),
            };
            answers.push(NOTHING);
            asked.push(question);
        }
        self.answer_default(absent, &mut answers)?;
        self.ask(questions, &mut answers)?;
        Ok(answers)
    }

    /// The local tier's answer, if it has one: in less than [`read_local`](Self::read_local) takes.
    fn hit(&self, hash: u64, key: &str) -> Option<Result<Found, Error>> {
        let ttl_on_read = self.options.ttl_on_read();
        with_shard(|shard| {
            let wire = shard.find(self.cache, hash, key.as_bytes(), ttl_on_read, &clock)?;
            Some(self.found(key, wire, Source::Local))
        })
    }

    /// What the local tier answers, or the question that is left.
    fn read_local(
        &self,
        at: usize,
        hash: u64,
        key: String,
        is_heard: bool,
    ) -> Result<Local, Error> {
        let ttl_on_read = self.options.ttl_on_read();
        with_shard(|shard| {
            let read = match is_heard {
                true => shard.read(self.cache, hash, &key, ttl_on_read, &clock),
                false => Read::Miss(shard.ticket(self.cache, hash, &key, &clock)),
            };
            let is_absent = read == Read::Absent;
            let (ticket, reason) = match read {
                Read::Hit(wire) => return self.found(&key, wire, Source::Local).map(Local::Found),
                Read::ExtendTtl(ticket) => (ticket, Reason::Renewed),
                Read::Absent => (Ticket::VOID, Reason::Missing),
                Read::Miss(ticket) => (ticket, Reason::Missing),
            };
            let question = Question {
                at,
                key,
                hash,
                ticket,
                reason,
            };
            Ok(match is_absent {
                true => Local::Absent(question),
                false => Local::Ask(question),
            })
        })
    }

    /// Asks L2 for all questions, those that prolong a life apart, and then for those whose answers show
    /// that theirs has to be.
    fn ask(&self, questions: Vec<Question>, answers: &mut [Found]) -> Result<(), Error> {
        let is_missing = |question: &Question| question.reason == Reason::Missing;
        let (missing, renewed) = questions.into_iter().partition(is_missing);
        self.ask_at_once(renewed, answers)?;
        let prolonged = self.ask_at_once(missing, answers)?;
        self.ask_at_once(prolonged, answers)?;
        Ok(())
    }

    /// Asks L2 for questions of one kind in one round trip, settles its answers, and puts them in place.
    /// Answers those that have to be asked again, to prolong lives.
    fn ask_at_once(
        &self,
        mut questions: Vec<Question>,
        answers: &mut [Found],
    ) -> Result<Vec<Question>, Error> {
        let Some(first) = questions.first() else {
            return Ok(Vec::new());
        };
        let reason = first.reason;
        let keys: Vec<String> = questions
            .iter()
            .map(|question| question.key.clone())
            .collect();
        let new_ttl = self.options.ttl_on_read();
        let new_ttl = new_ttl.filter(|_| reason != Reason::Missing);
        if new_ttl.is_some() {
            self.begin_extensions(&mut questions);
        }
        let asked = self.bucket.get(&keys, new_ttl.map(to_millis));
        if new_ttl.is_some() {
            self.end_extensions(&mut questions);
        }
        let may_be_stale = asked.as_ref().is_err_and(is_outage);
        let slots = match self.noted(asked) {
            Ok(slots) if slots.len() == keys.len() => slots,
            Ok(slots) => return Err(wrong_number(slots.len(), keys.len())),
            // What was answered stands: its life is not over.
            Err(_) if reason == Reason::Prolonged => return Ok(Vec::new()),
            Err(error) => {
                let answered = self.answer_without_l2(&questions, may_be_stale, answers);
                return answered.map(|()| Vec::new()).ok_or(error);
            }
        };
        let (mut absent, mut prolonged) = (Vec::new(), Vec::new());
        let mut failure = None;
        for (question, slot) in questions.into_iter().zip(&slots) {
            match self.settle(&question, slot) {
                Ok(Some(found)) => {
                    answers[question.at] = found;
                    if reason == Reason::Missing && self.has_to_prolong(slot) {
                        prolonged.push(Question {
                            reason: Reason::Prolonged,
                            ..question
                        });
                    }
                }
                Ok(None) => {
                    answers[question.at] = NOTHING;
                    absent.push(question);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(()), Err)?;
        self.answer_default(absent, answers)?;
        Ok(prolonged)
    }

    /// Begins a request that extends TTLs, with its tickets: to the fence it is a write.
    fn begin_extensions(&self, questions: &mut [Question]) {
        let keys: Vec<_> = questions.iter().map(Question::placed).collect();
        let tickets = with_shard(|shard| shard.begin_extensions(self.cache, &keys, &clock));
        for (question, ticket) in questions.iter_mut().zip(tickets) {
            question.ticket = ticket;
        }
    }

    /// Ends it, with the tickets to settle its replies with.
    fn end_extensions(&self, questions: &mut [Question]) {
        let keys: Vec<_> = questions.iter().map(Question::placed).collect();
        let begun: Vec<_> = questions.iter().map(|question| question.ticket).collect();
        let tickets = with_shard(|shard| shard.end_extensions(self.cache, &keys, &begun));
        for (question, ticket) in questions.iter_mut().zip(tickets) {
            question.ticket = ticket;
        }
    }

    fn has_to_prolong(&self, slot: &Slot) -> bool {
        let Slot::Entry(entry) = slot else {
            return false;
        };
        let left = entry.ttl_ms.map(Duration::from_millis);
        self.options.needs_ttl_extension(left)
    }

    /// L2's answer to one question; `None`: it has nothing.
    fn settle(&self, question: &Question, slot: &Slot) -> Result<Option<Found>, Error> {
        let Question {
            key, hash, ticket, ..
        } = question;
        let answer = answer(slot, self.resilience.absent_ttl);
        let settled = with_shard(|shard| shard.settle(self.cache, *hash, key, *ticket, answer));
        match slot {
            Slot::Absent => Ok(None),
            Slot::WrongType => Err(Error::WrongType(key.clone())),
            Slot::Entry(_) if settled == FillOutcome::Undecodable => {
                Err(Error::Undecodable(key.clone()))
            }
            Slot::Entry(entry) => self.found(key, &entry.value, Source::Backend).map(Some),
        }
    }

    pub(super) fn found(&self, key: &str, wire: &[u8], source: Source) -> Result<Found, Error> {
        let value = self.options.value_type.decode(wire);
        let value = value.map_err(|_| Error::Undecodable(key.to_owned()))?;
        Ok(Found {
            value: Some(value.into()),
            source,
        })
    }
}

/// The answer where neither tier has one.
const NOTHING: Found = Found {
    value: None,
    source: Source::None,
};
