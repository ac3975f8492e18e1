//! Which callers share a request.

use flipcache_core::{Moment, Options, Resilience};
use tokio::runtime::Handle as Runtime;

use super::*;
use crate::backend::memory::MemoryBackend;
use crate::clock::Clock;
use crate::driver::{Driver, Locked, Tiers};
use crate::shard::InProcess;

fn handle() -> Arc<Handle> {
    let shard = InProcess::new(Clock::system(), 1 << 20);
    let driver = Driver::new(
        Arc::new(MemoryBackend::new()),
        Runtime::current(),
        Tiers::new([Locked::new(shard)], 1 << 20),
    );
    let (options, resilience) = (Options::default(), Resilience::default());
    let handle = Handle::open(Arc::new(driver), "n", None, options, resilience, None);
    handle.expect("the options are valid")
}

async fn second_is_boarding(ticket: Ticket) -> bool {
    let handle = handle();
    let question = || Question {
        key: "k".into(),
        hash: 7,
        ticket,
        prolongs: false,
    };
    let first = handle.ask([question()]);
    let second = handle.ask([question()]);
    assert!(!first.are_boarding, "nobody else asks");
    for answer in first.answers.into_iter().chain(second.answers) {
        let landed = answer.await.expect("a task must fly on");
        assert!(landed.is_ok(), "the store replies");
    }
    second.are_boarding
}

/// As shards give them that cannot be started: a write may have been acknowledged between the two.
#[tokio::test]
async fn ask_with_a_void_ticket_joins_no_question_with_another_one() {
    assert!(second_is_boarding(Ticket::VOID).await);
    let ticket = Ticket {
        version: 1 << 40,
        asked: Moment::from_nanos(1),
    };
    assert!(!second_is_boarding(ticket).await, "nothing has happened");
}
