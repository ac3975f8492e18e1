//! The circuit breaker: calls to a failing backend are rejected, except for occasional trials.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use flipcache::backend::{BackendError, Breaker, BreakerOptions, BreakerState, KvBackend, Slot};

use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::{bucket, in_memory, keys};

const PAUSE: Duration = Duration::from_secs(1);

/// A breaker that opens at the third failure, by a clock that moves on demand.
struct World {
    faulty: Arc<FaultyBackend>,
    breaker: Arc<Breaker>,
    millis: Arc<AtomicU64>,
}

impl World {
    fn new() -> Self {
        let faulty = FaultyBackend::over(in_memory().backend);
        let millis = Arc::new(AtomicU64::new(0));
        let clock = {
            let millis = millis.clone();
            Arc::new(move || Duration::from_millis(millis.load(Ordering::SeqCst)))
        };
        let options = BreakerOptions {
            failures: 3,
            pause: PAUSE,
        };
        let breaker = Breaker::with_clock(faulty.clone(), options, clock);
        Self {
            faulty,
            breaker: Arc::new(breaker),
            millis,
        }
    }

    fn wait(&self, duration: Duration) {
        let millis = u64::try_from(duration.as_millis()).expect("a short time");
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    async fn get(&self) -> Result<Vec<Slot>, BackendError> {
        self.breaker.get(&bucket("n"), &keys(["k"]), None).await
    }

    /// Fails until the breaker is open.
    async fn open(&self) {
        self.faulty.set_fault(Fault::Down);
        for _ in 0..3 {
            assert_eq!(self.breaker.state(), BreakerState::Closed);
            self.get().await.expect_err("the store is down");
        }
        assert_eq!(self.breaker.state(), BreakerState::Open);
        self.faulty.calls();
    }
}

#[tokio::test]
async fn call_after_consecutive_failures_is_rejected_without_a_request() {
    let world = World::new();
    world.open().await;
    let error = world.get().await.expect_err("it is open");
    assert!(matches!(error, BackendError::Unavailable(_)), "{error:?}");
    let cause = std::error::Error::source(&error).expect("it says why");
    assert!(cause.to_string().contains("3 consecutive"), "{cause}");
    assert_eq!(world.faulty.calls(), [""; 0]);
}

#[tokio::test]
async fn failures_that_are_not_consecutive_do_not_open_it() {
    let world = World::new();
    for _ in 0..5 {
        for fault in [Fault::Down, Fault::Down, Fault::Off] {
            world.faulty.set_fault(fault);
            let answer = world.get().await;
            assert_eq!(answer.is_ok(), fault == Fault::Off, "{answer:?}");
        }
    }
    assert_eq!(world.breaker.state(), BreakerState::Closed);
}

#[tokio::test]
async fn trial_after_the_pause_decides() {
    let world = World::new();
    world.open().await;
    world.wait(PAUSE);
    assert_eq!(world.breaker.state(), BreakerState::HalfOpen);
    world.get().await.expect_err("the store is still down");
    assert_eq!(world.faulty.calls(), ["get"]);
    assert_eq!(world.breaker.state(), BreakerState::Open);

    world.faulty.set_fault(Fault::Off);
    world.get().await.expect_err("the pause must restart");
    world.wait(PAUSE);
    world.get().await.expect("the store is up");
    assert_eq!(world.breaker.state(), BreakerState::Closed);
    world.get().await.expect("it is closed");
}

#[tokio::test]
async fn trial_in_flight_is_the_only_one_and_another_follows_if_it_is_dropped() {
    let world = World::new();
    world.open().await;
    world.wait(PAUSE);
    world.faulty.set_fault(Fault::Waits);
    let trial = {
        let breaker = world.breaker.clone();
        tokio::spawn(async move { breaker.get(&bucket("n"), &keys(["k"]), None).await })
    };
    world.faulty.wait_for_calls(1).await;
    world.get().await.expect_err("one trial is enough");
    trial.abort();
    trial.await.expect_err("it was given up");
    world.faulty.set_fault(Fault::Off);
    world.get().await.expect("the next one may try");
    assert_eq!(world.breaker.state(), BreakerState::Closed);
}

#[tokio::test]
async fn reply_to_a_call_from_before_it_opened_does_not_close_it() {
    let world = World::new();
    world.faulty.set_fault(Fault::Waits);
    let early = {
        let breaker = world.breaker.clone();
        tokio::spawn(async move { breaker.get(&bucket("n"), &keys(["k"]), None).await })
    };
    world.faulty.wait_for_calls(1).await;
    world.open().await;
    world.faulty.set_fault(Fault::Off);
    world.faulty.release(1);
    early
        .await
        .expect("it ends")
        .expect("the call must succeed");
    assert_eq!(world.breaker.state(), BreakerState::Open);
}

#[tokio::test]
async fn trial_without_an_outcome_blocks_others_for_one_pause() {
    let world = World::new();
    world.open().await;
    world.wait(PAUSE);
    world.faulty.set_fault(Fault::Waits);
    let (names, asked) = (bucket("n"), keys(["k"]));
    let mut kept = std::pin::pin!(world.breaker.get(&names, &asked, None));
    assert!(
        futures_util::poll!(kept.as_mut()).is_pending(),
        "the trial waits for the store, and is not polled again"
    );
    world.faulty.set_fault(Fault::Off);
    world.get().await.expect_err("one trial a pause");

    world.wait(PAUSE);
    assert_eq!(world.breaker.state(), BreakerState::HalfOpen);
    world.get().await.expect("the next one may try");
    assert_eq!(world.breaker.state(), BreakerState::Closed);

    // The first trial ends late, and has no effect.
    world.faulty.release(1);
    kept.await.expect("it ends like any call");
    assert_eq!(world.breaker.state(), BreakerState::Closed);
}
