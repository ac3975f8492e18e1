//! Questions in the air. Callers who miss the same key share one question, if nothing has happened to
//! the key since it was asked.
//!
//! Per key at most one question is in the air and one is boarding: whoever misses after a bump must
//! not be given an answer from before it, so it boards, and all who board leave together when the
//! first question has landed. So a key that is invalidated all the time causes no stampede.
//!
//! Keys that are missed at about the same time leave in one call of the backend: see
//! [`departure`](super::departure). What is missed while nothing else is, its caller asks for himself: see
//! [`pilot`](super::pilot).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flipcache_core::{BackendReply, CacheId, FillOutcome, Ticket};
use tokio::sync::oneshot;
use tracing::Instrument;

use super::departure::KEYS_AT_ONCE;
use super::pilot::{Controls, Pilot};
use super::{Handle, wrong_number};
use crate::backend::{Access, BackendError, Slot};

/// L2's answer to one question, for all who asked it.
pub(super) type Landed = Result<Arc<Landing>, Arc<BackendError>>;

/// What L2 holds, and what became of it.
pub(super) struct Landing {
    pub(super) slot: Slot,
    pub(super) settled: FillOutcome,
}

/// A key that L2 has to be asked for.
pub(super) struct Question {
    pub(super) key: Arc<str>,
    pub(super) hash: u64,
    pub(super) ticket: Ticket,
    /// The entry is to have its TTL anew, if the cache has one.
    pub(super) prolongs: bool,
}

#[derive(Default)]
pub(super) struct Flights {
    by_key: Mutex<HashMap<FlightKey, Flight>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FlightKey {
    cache: CacheId,
    /// Questions that set a TTL are others.
    new_ttl: Option<Duration>,
    key: Arc<str>,
}

struct Flight {
    /// The ticket of the question in the air.
    ticket: Ticket,
    in_the_air: Vec<oneshot::Sender<Landed>>,
    boarding: Vec<oneshot::Sender<Landed>>,
    /// Where it may have a pilot.
    controls: Option<Arc<Controls>>,
}

/// Questions that are asked.
pub(super) struct Asking {
    /// One for each, in order.
    pub(super) answers: Vec<oneshot::Receiver<Landed>>,
    /// Who is to poll while he waits for the answers.
    pub(super) pilot: Option<Pilot>,
    /// Some of them wait for a question of another caller first.
    pub(super) are_boarding: bool,
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<FlightKey, Flight>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// Asks L2 what nobody asks yet.
    pub(super) fn ask(self: &Arc<Self>, questions: impl IntoIterator<Item = Question>) -> Asking {
        let mut answers = Vec::new();
        let (mut departing, mut joined) = (Vec::new(), Vec::new());
        let mut are_boarding = false;
        let mut flights = self.driver.flights.lock();
        let controls = flights.is_empty().then(Arc::<Controls>::default);
        for question in questions {
            let (seat, answer) = oneshot::channel();
            answers.push(answer);
            match flights.entry(self.flight_key(&question)) {
                Entry::Occupied(flight) => {
                    let flight = flight.into_mut();
                    joined.extend(flight.controls.take());
                    if question.ticket.joins(flight.ticket) {
                        flight.in_the_air.push(seat);
                    } else {
                        flight.boarding.push(seat);
                        are_boarding = true;
                    }
                }
                Entry::Vacant(vacant) => {
                    vacant.insert(Flight {
                        ticket: question.ticket,
                        in_the_air: vec![seat],
                        boarding: Vec::new(),
                        controls: controls.clone(),
                    });
                    departing.push(question);
                }
            }
        }
        let runtime = &self.driver.runtime;
        let controls = controls.filter(|_| is_one_flight(&departing));
        let pilot = controls.map(|controls| {
            let flight = fly(Arc::clone(self), mem::take(&mut departing));
            Pilot::new(controls, flight.in_current_span(), runtime.clone())
        });
        drop(flights);
        for controls in joined {
            controls.hand_over(runtime);
        }
        self.depart(departing);
        Asking {
            answers,
            pilot,
            are_boarding,
        }
    }

    /// Those who wait for these questions are told that nobody asks them.
    pub(super) fn cancel(&self, questions: impl IntoIterator<Item = Question>) {
        let mut flights = self.driver.flights.lock();
        for question in questions {
            flights.remove(&self.flight_key(&question));
        }
    }

    fn new_ttl(&self, prolongs: bool) -> Option<Duration> {
        self.options.ttl_on_read().filter(|_| prolongs)
    }

    fn flight_key(&self, question: &Question) -> FlightKey {
        FlightKey {
            cache: self.cache(),
            new_ttl: self.new_ttl(question.prolongs),
            key: Arc::clone(&question.key),
        }
    }

    /// Begins a request that extends TTLs, when it leaves. Returns the tickets of its questions.
    fn begin_extensions(&self, questions: &VecDeque<Question>) -> Vec<Ticket> {
        let keys = questions.iter().map(|question| &*question.key);
        let cache = self.cache();
        let begun = self.begin_with(keys, |shard, keys| shard.begin_extensions(cache, keys));
        begun.into_iter().map(|(_, ticket)| ticket).collect()
    }

    /// Ends it, and settles its replies, in one step of each shard: a reply to a later request must not be
    /// overwritten. `None`: it has failed.
    fn end_extensions(
        &self,
        questions: &VecDeque<Question>,
        slots: Option<&[Slot]>,
    ) -> Vec<FillOutcome> {
        let keys = questions
            .iter()
            .map(|question| (question.hash, &*question.key));
        let keys: Vec<_> = keys.collect();
        let mut settled = vec![FillOutcome::NotStored; keys.len()];
        self.tell_others(&keys);
        let (tiers, cache) = (&self.driver.tiers, self.cache());
        tiers.with_each(&self.opened, &keys, |shard, indices| {
            let begun = indices.iter().map(|at| questions[*at].ticket);
            let begun: Vec<_> = begun.collect();
            let ended: Vec<_> = indices.iter().map(|at| keys[*at]).collect();
            let tickets = shard.end_extensions(cache, &ended, &begun);
            for (at, ticket) in indices.iter().zip(tickets) {
                let (hash, key) = keys[*at];
                if let Some(slots) = slots {
                    let answer = self.answer(&slots[*at]);
                    settled[*at] = shard.settle(cache, hash, key, ticket, answer);
                }
            }
        });
        self.tell_keys(keys.iter().map(|(_, key)| *key));
        settled
    }

    fn answer<'a>(&self, slot: &'a Slot) -> BackendReply<'a> {
        match slot {
            Slot::Absent => BackendReply::Absent {
                remember: self.resilience.absent_ttl,
            },
            Slot::WrongType => BackendReply::WrongType,
            Slot::Entry(entry) => BackendReply::Entry {
                value: &entry.value,
                ttl: entry.ttl,
            },
        }
    }

    /// Settles the reply to one question that extends no TTL.
    fn settle(&self, question: &Question, slot: &Slot) -> FillOutcome {
        let Question {
            key, hash, ticket, ..
        } = question;
        let answer = self.answer(slot);
        let settled = self.with_shard(*hash, |shard| {
            shard.settle(self.cache(), *hash, key, *ticket, answer)
        });
        let tiers = &self.driver.tiers;
        tiers.tell_elsewhere(&self.opened, *hash, &self.name, key, |shard, full_key| {
            shard.observe(*hash, full_key, answer);
        });
        settled
    }

    /// Hands out an answer. Those who board leave with a ticket of now.
    fn hand_out(&self, question: &Question, landed: Landed) -> Option<Question> {
        let flight_key = self.flight_key(question);
        let mut flights = self.driver.flights.lock();
        let mut flight = flights.remove(&flight_key)?;
        let mut next = None;
        if !flight.boarding.is_empty() {
            let ticket = self.ticket(question.hash, &question.key);
            let again = Flight {
                ticket,
                in_the_air: mem::take(&mut flight.boarding),
                boarding: Vec::new(),
                controls: None,
            };
            flights.insert(flight_key, again);
            next = Some(Question {
                key: Arc::clone(&question.key),
                ticket,
                ..*question
            });
        }
        drop(flights);
        // Whoever has gone away meanwhile does not need it. The last one need not share it.
        if let Some(last) = flight.in_the_air.pop() {
            for seat in flight.in_the_air {
                let _ = seat.send(landed.clone());
            }
            let _ = last.send(landed);
        }
        next
    }
}

/// Whether one call of the backend asks them all.
fn is_one_flight(questions: &[Question]) -> bool {
    let kinds = questions.chunk_by(|one, next| one.prolongs == next.prolongs);
    kinds.count() == 1 && questions.len() <= KEYS_AT_ONCE
}

/// Asks, settles and hands out, until nobody boards any more. All of the questions prolong, or none.
/// Those who wait are told even if the task never runs.
pub(super) fn fly(
    handle: Arc<Handle>,
    questions: Vec<Question>,
) -> impl Future<Output = ()> + Send {
    let under_way = UnderWay {
        handle,
        questions: questions.into(),
    };
    fly_all(under_way)
}

async fn fly_all(mut under_way: UnderWay) {
    let handle = Arc::clone(&under_way.handle);
    while !under_way.questions.is_empty() {
        let prolongs = under_way.questions.iter().any(|question| question.prolongs);
        let new_ttl = handle.new_ttl(prolongs);
        if new_ttl.is_some() {
            under_way.begin_extensions();
        }
        let questions = under_way.questions.iter();
        let keys: Vec<String> = questions.map(|question| question.key.to_string()).collect();
        let driver = &handle.driver;
        let asked = driver.backend.get(&handle.bucket, &keys, new_ttl);
        let asked = driver.call(Access::Read, asked).await;
        let asked = asked.and_then(|slots| match slots.len() {
            answered if answered == keys.len() => Ok(slots),
            answered => Err(wrong_number(answered, keys.len())),
        });
        let extended = new_ttl.map(|_| {
            let slots = asked.as_ref().ok().map(Vec::as_slice);
            handle.end_extensions(&under_way.questions, slots)
        });
        under_way.questions = match asked {
            Ok(slots) => {
                let (mut slots, mut extended) = (slots.into_iter(), extended.map(Vec::into_iter));
                under_way.land(|question| {
                    let slot = slots.next().unwrap_or(Slot::Absent);
                    let settled = match &mut extended {
                        Some(settled) => settled.next().unwrap_or(FillOutcome::NotStored),
                        None => handle.settle(question, &slot),
                    };
                    Ok(Arc::new(Landing { slot, settled }))
                })
            }
            Err(error) => {
                handle.failed();
                let error = Arc::new(error);
                under_way.land(|_| Err(Arc::clone(&error)))
            }
        };
    }
}

/// Questions whose task may end before they have landed: their passengers are told then, not left
/// waiting.
struct UnderWay {
    handle: Arc<Handle>,
    questions: VecDeque<Question>,
}

impl UnderWay {
    /// Begins a request that extends TTLs. Callers that wait for its keys join it: it leaves after they asked.
    /// Later callers join it by its ticket.
    fn begin_extensions(&mut self) {
        let tickets = self.handle.begin_extensions(&self.questions);
        let mut flights = self.handle.driver.flights.lock();
        for (question, ticket) in self.questions.iter_mut().zip(tickets) {
            question.ticket = ticket;
            if let Some(flight) = flights.get_mut(&self.handle.flight_key(question)) {
                flight.ticket = ticket;
                flight.in_the_air.append(&mut flight.boarding);
            }
        }
    }

    /// Hands out the answers to all questions; those that are asked again come back.
    fn land(&mut self, mut answer: impl FnMut(&Question) -> Landed) -> VecDeque<Question> {
        let mut again = VecDeque::new();
        while let Some(question) = self.questions.front() {
            let landed = answer(question);
            again.extend(self.handle.hand_out(question, landed));
            self.questions.pop_front();
        }
        again
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.handle.cancel(mem::take(&mut self.questions));
    }
}

#[cfg(test)]
mod tests;
