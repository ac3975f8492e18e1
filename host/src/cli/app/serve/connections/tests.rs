//! Deadlines of connections, and which of them is closed for another.

use super::*;

const ALL: [Wait; 5] = [
    Wait::FirstByte,
    Wait::Head,
    Wait::Idle,
    Wait::Body,
    Wait::Closing,
];

/// Returns a connection that has waited for `waited`.
fn waiting(connections: &Arc<Connections>, wait: Wait, waited: Duration) -> Opened {
    let opened = connections.open();
    opened.activity.state().waits = Some((wait, Instant::now() - waited));
    opened
}

fn order(opened: &Opened) -> Order {
    *opened.activity.order.borrow()
}

#[test]
fn end_overdue_ends_those_that_have_waited_too_long_and_no_others() {
    let connections = Connections::new(10);
    let busy = connections.open();
    busy.activity.request_began();
    for wait in ALL {
        let overdue = waiting(&connections, wait, wait.limit());
        let patient = waiting(&connections, wait, Duration::ZERO);
        connections.end_overdue();
        let expected = if wait.is_between_requests() {
            Order::Finish
        } else {
            Order::Close
        };
        assert_eq!(order(&overdue), expected, "{wait:?}");
        assert_eq!(order(&patient), Order::Serve, "{wait:?}");
    }
    assert_eq!(order(&busy), Order::Serve);
}

#[test]
fn end_overdue_closes_a_connection_that_does_not_finish() {
    let connections = Connections::new(1);
    let idle = waiting(&connections, Wait::Idle, Wait::Idle.limit());
    connections.end_overdue();
    assert_eq!(order(&idle), Order::Finish);
    idle.activity.state().waits = Some((Wait::Closing, Instant::now() - CLOSING));
    connections.end_overdue();
    assert_eq!(order(&idle), Order::Close);
}

#[test]
fn has_room_closes_the_slowest_head_first_then_an_idle_one_then_a_slow_body() {
    let connections = Connections::new(5);
    let busy = connections.open();
    busy.activity.request_began();
    let body = waiting(&connections, Wait::Body, 9 * SLOW);
    let idle = waiting(&connections, Wait::Idle, 8 * SLOW);
    let head = waiting(&connections, Wait::Head, 2 * SLOW);
    let silent = waiting(&connections, Wait::FirstByte, 3 * SLOW);
    for slowest in [silent, head, idle, body] {
        assert!(connections.has_room());
        assert_ne!(order(&slowest), Order::Serve, "{slowest:?}");
        assert!(connections.has_room(), "the place of one that leaves");
        drop(slowest);
        // A connection with a request in progress takes its place.
        let next = connections.open();
        next.activity.request_began();
        std::mem::forget(next);
    }
    assert!(!connections.has_room());
    assert_eq!(order(&busy), Order::Serve);
}

#[test]
fn has_room_closes_nothing_that_has_just_begun_to_wait() {
    let connections = Connections::new(1);
    let fresh = waiting(&connections, Wait::FirstByte, Duration::ZERO);
    let has_room = connections.has_room();
    // Unless this thread was suspended.
    let waits = fresh.activity.current_wait(Instant::now());
    if waits.is_some_and(|(_, waited)| waited < SLOW) {
        assert!(!has_room);
    }
}

#[test]
fn shed_slow_body_closes_the_request_that_has_waited_longest_in_all() {
    let connections = Connections::new(5);
    let trickling = waiting(&connections, Wait::Body, SLOW);
    trickling.activity.state().body = 9 * SLOW;
    let stalled = waiting(&connections, Wait::Body, 5 * SLOW);
    let head = waiting(&connections, Wait::Head, 20 * SLOW);
    for (slowest, others) in [(&trickling, vec![&stalled, &head]), (&stalled, vec![&head])] {
        connections.shed_slow_body();
        assert_eq!(order(slowest), Order::Close);
        for other in others {
            assert_eq!(order(other), Order::Serve);
        }
    }
}

#[test]
fn activity_counts_what_a_body_was_waited_for_and_is_idle_after_both_have_ended() {
    let activity = Activity::new();
    activity.on_bytes();
    activity.request_began();
    assert_eq!(activity.state().waits, None);
    activity.body_is_awaited();
    assert!(activity.waits_for_body(Instant::now()).is_some());
    activity.response_ended();
    assert!(activity.waits_for_body(Instant::now()).is_some());
    activity.on_body();
    let waits = activity.state().waits;
    assert!(matches!(waits, Some((Wait::Idle, _))), "{waits:?}");
}
