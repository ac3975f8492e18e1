//! Questions that leave in one call of the backend: those that come while it is getting ready.
//!
//! The first one gets a task ready, and all that come until the task runs leave with it. So a question
//! waits no longer than it takes to start a task, and a thousand that are asked at once are some calls
//! of many keys, not a thousand of one.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::Instrument;

use super::Handle;
use super::flight::{Question, fly};

/// How many keys one call asks for: no answer keeps others waiting for long.
pub(super) const KEYS_AT_ONCE: usize = 128;

/// Questions of one handle that have not left yet. While there are some, there is a [`Departure`].
#[derive(Default)]
pub(super) struct Lounge(Mutex<Vec<Question>>);

impl Lounge {
    fn lock(&self) -> MutexGuard<'_, Vec<Question>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handle {
    /// Lets questions leave, with others perhaps.
    pub(super) fn depart(self: &Arc<Self>, questions: Vec<Question>) {
        if questions.is_empty() {
            return;
        }
        let mut lounge = self.lounge.lock();
        let is_first = lounge.is_empty();
        lounge.extend(questions);
        drop(lounge);
        if is_first {
            let departure = Departure(Some(Arc::clone(self)));
            let leave = departure.leave().in_current_span();
            self.driver.runtime.spawn(leave);
        }
    }
}

/// A task that is to ask what stands in the lounge. If it never runs, nobody is left waiting.
struct Departure(Option<Arc<Handle>>);

impl Departure {
    async fn leave(mut self) {
        // Whoever is ready to run may have a question, too.
        tokio::task::yield_now().await;
        let Some(handle) = self.0.take() else { return };
        let questions = mem::take(&mut *handle.lounge.lock());
        let (prolong, others): (Vec<_>, Vec<_>) = questions
            .into_iter()
            .partition(|question| question.prolongs);
        let mut flights = Vec::new();
        for questions in [prolong, others] {
            let mut questions = questions.into_iter();
            while questions.len() > 0 {
                // A list of its own, no larger than its questions: one split off would hold on to room for all.
                let part = questions.by_ref().take(KEYS_AT_ONCE).collect();
                flights.push(fly(Arc::clone(&handle), part));
            }
        }
        let last = flights.pop();
        for flight in flights {
            handle.driver.runtime.spawn(flight.in_current_span());
        }
        if let Some(last) = last {
            last.await;
        }
    }
}

impl Drop for Departure {
    fn drop(&mut self) {
        if let Some(handle) = self.0.take() {
            let questions = mem::take(&mut *handle.lounge.lock());
            handle.cancel(questions);
        }
    }
}
