//! Questions in the air. Callers who miss the same key share one question, if nothing has happened to
//! the key since it was asked.
//!
//! Per key at most one question is in the air and one is boarding: whoever misses after a bump must
//! not be given an answer from before it, so it boards, and all who board leave together when the
//! first question has landed. So a key that is invalidated all the time causes no stampede.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use flipcache_core::{Answer, CacheId, Settled, Ticket};
use tokio::sync::oneshot;

use super::{Handle, wrong_number};
use crate::backend::{BackendError, Slot};

/// L2's answer to one question, for all who asked it.
pub(super) type Landed = Result<Arc<Landing>, Arc<BackendError>>;

/// What L2 holds, and what became of it.
pub(super) struct Landing {
    pub(super) slot: Slot,
    pub(super) settled: Settled,
}

/// A key that L2 has to be asked for.
pub(super) struct Question {
    pub(super) key: String,
    pub(super) hash: u64,
    pub(super) ticket: Ticket,
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
    key: String,
}

struct Flight {
    /// The version of the key when the question in the air was asked.
    version: u64,
    in_the_air: Vec<oneshot::Sender<Landed>>,
    boarding: Vec<oneshot::Sender<Landed>>,
}

impl Flights {
    fn lock(&self) -> MutexGuard<'_, HashMap<FlightKey, Flight>> {
        self.by_key.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// Asks L2, all that nobody asks yet in one call; the answers come one by one, in order.
    pub(super) fn ask(
        self: &Arc<Self>,
        questions: Vec<Question>,
        new_ttl: Option<Duration>,
    ) -> Vec<oneshot::Receiver<Landed>> {
        let mut answers = Vec::with_capacity(questions.len());
        let mut departing = Vec::new();
        let mut flights = self.driver.flights.lock();
        for question in questions {
            let (seat, answer) = oneshot::channel();
            answers.push(answer);
            match flights.entry(self.flight_key(&question.key, new_ttl)) {
                Entry::Occupied(flight) if flight.get().version == question.ticket.version => {
                    flight.into_mut().in_the_air.push(seat);
                }
                Entry::Occupied(flight) => flight.into_mut().boarding.push(seat),
                Entry::Vacant(vacant) => {
                    vacant.insert(Flight {
                        version: question.ticket.version,
                        in_the_air: vec![seat],
                        boarding: Vec::new(),
                    });
                    departing.push(question);
                }
            }
        }
        drop(flights);
        if !departing.is_empty() {
            let fly = fly(Arc::clone(self), departing, new_ttl);
            self.driver.runtime.spawn(fly);
        }
        answers
    }

    fn flight_key(&self, key: &str, new_ttl: Option<Duration>) -> FlightKey {
        FlightKey {
            cache: self.cache(),
            new_ttl,
            key: key.to_owned(),
        }
    }

    /// Settles one answer.
    fn land(&self, question: &Question, slot: Slot) -> Landing {
        let Question { key, hash, ticket } = question;
        let answer = match &slot {
            Slot::Absent => Answer::Absent,
            Slot::WrongType => Answer::WrongType,
            Slot::Entry(entry) => Answer::Entry {
                value: &entry.value,
                ttl: entry.ttl,
            },
        };
        let settled = self.with_shard(*hash, |shard| {
            shard.settle(self.cache(), *hash, key, *ticket, answer)
        });
        Landing { slot, settled }
    }
}

/// Asks, settles and hands out, until nobody boards any more.
async fn fly(handle: Arc<Handle>, mut questions: Vec<Question>, new_ttl: Option<Duration>) {
    let mut ground = Ground {
        handle: &handle,
        new_ttl,
        keys: questions
            .iter()
            .map(|question| question.key.clone())
            .collect(),
    };
    while !questions.is_empty() {
        let keys: Vec<String> = questions
            .iter()
            .map(|question| question.key.clone())
            .collect();
        let driver = &handle.driver;
        let asked = driver
            .call(driver.backend.get(&handle.bucket, &keys, new_ttl))
            .await;
        let asked = asked.and_then(|slots| match slots.len() {
            answered if answered == keys.len() => Ok(slots),
            answered => Err(wrong_number(answered, keys.len())),
        });
        let landed: Vec<Landed> = match asked {
            Ok(slots) => {
                let pairs = questions.iter().zip(slots);
                pairs
                    .map(|(question, slot)| Ok(Arc::new(handle.land(question, slot))))
                    .collect()
            }
            Err(error) => {
                handle.failed();
                let error = Arc::new(error);
                questions.iter().map(|_| Err(Arc::clone(&error))).collect()
            }
        };
        let over = questions.into_iter().zip(landed);
        questions = over
            .filter_map(|(question, landed)| ground.hand_out(question, landed))
            .collect();
    }
}

/// Flights whose task ends before it has landed them are over: their passengers are told, not left
/// waiting.
struct Ground<'a> {
    handle: &'a Arc<Handle>,
    new_ttl: Option<Duration>,
    /// Those that are not landed yet.
    keys: HashSet<String>,
}

impl Ground<'_> {
    /// Hands out an answer. Those who board leave with a ticket of now.
    fn hand_out(&mut self, question: Question, landed: Landed) -> Option<Question> {
        let handle = self.handle;
        let flight_key = handle.flight_key(&question.key, self.new_ttl);
        let mut flights = handle.driver.flights.lock();
        let flight = flights.remove(&flight_key)?;
        let mut next = None;
        if flight.boarding.is_empty() {
            self.keys.remove(&question.key);
        } else {
            let ticket = handle.ticket(question.hash);
            let again = Flight {
                version: ticket.version,
                in_the_air: flight.boarding,
                boarding: Vec::new(),
            };
            flights.insert(flight_key, again);
            next = Some(Question { ticket, ..question });
        }
        drop(flights);
        for seat in flight.in_the_air {
            // Whoever has gone away meanwhile does not need it.
            let _ = seat.send(landed.clone());
        }
        next
    }
}

impl Drop for Ground<'_> {
    fn drop(&mut self) {
        let mut flights = self.handle.driver.flights.lock();
        for key in &self.keys {
            flights.remove(&self.handle.flight_key(key, self.new_ttl));
        }
    }
}
