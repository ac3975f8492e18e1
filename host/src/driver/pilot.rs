//! Flights without a task of their own. Whoever asks while nobody else does is the pilot: he polls the flight
//! himself, as a task would cost more than all else that a miss costs in this process. When somebody joins him, or
//! he goes away, a task flies on, so that nobody ever waits for a future that another one may not poll.

use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio::runtime::Handle as Runtime;

type Flying = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The controls of a flight.
#[derive(Default)]
pub(super) struct Controls(Mutex<State>);

#[derive(Default)]
enum State {
    /// It is being polled, or is over.
    #[default]
    Away,
    /// It waits for its pilot, who waits for it if he has polled it already.
    Ready(Flying, Option<Waker>),
    /// A task has it, or gets it when the pilot's poll has ended.
    HandedOver,
}

impl Controls {
    /// A task flies on from here, if there is still something to fly.
    pub(super) fn hand_over(&self, runtime: &Runtime) {
        let state = mem::replace(&mut *self.lock(), State::HandedOver);
        if let State::Ready(flying, pilot) = state {
            runtime.spawn(flying);
            // From now on he waits for the answer alone.
            pilot.into_iter().for_each(Waker::wake);
        }
    }

    /// The flight, if it waits for its pilot.
    fn take(&self) -> Option<Flying> {
        let mut state = self.lock();
        match mem::take(&mut *state) {
            State::Ready(flying, _) => Some(flying),
            other => {
                *state = other;
                None
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who polls a flight.
pub(super) struct Pilot {
    controls: Arc<Controls>,
    runtime: Runtime,
}

impl Pilot {
    /// Takes over a flight that nobody has polled yet. The controls are its own.
    pub(super) fn new(
        controls: Arc<Controls>,
        flying: impl Future<Output = ()> + Send + 'static,
        runtime: Runtime,
    ) -> Self {
        *controls.lock() = State::Ready(Box::pin(flying), None);
        Self { controls, runtime }
    }

    /// Polls the flight. Ready: it is not flown from here, and what it answers has to be waited for.
    ///
    /// Until then the pilot waits for nothing else: an answer that wakes him while he polls would have him
    /// polled once more for nothing.
    pub(super) fn poll(&self, context: &mut Context<'_>) -> Poll<()> {
        let Some(mut flying) = self.controls.take() else {
            return Poll::Ready(());
        };
        // Others must not wait for a poll, nor may it wait for them.
        if flying.as_mut().poll(context).is_ready() {
            return Poll::Ready(());
        }
        let mut state = self.controls.lock();
        match *state {
            State::HandedOver => {
                self.runtime.spawn(flying);
                Poll::Ready(())
            }
            State::Away | State::Ready(..) => {
                *state = State::Ready(flying, Some(context.waker().clone()));
                Poll::Pending
            }
        }
    }
}

impl Drop for Pilot {
    fn drop(&mut self) {
        self.controls.hand_over(&self.runtime);
    }
}
