//! The current connection to a server, on which commands are sent.
//!
//! The [`supervisor`](super::supervisor) connects. Connections are numbered, and each is one
//! incarnation: a caller that finds one lost reports its number, and only that one is replaced.

use std::sync::{Arc, Weak};
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Pipeline, PushInfo, PushKind, Value};
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::error;
use super::failure::Failure;
use super::tracking::Tracking;
use crate::backend::{Access, BackendError, time};

/// How many pipelines of one call are in flight at once.
const MAX_IN_FLIGHT: usize = 16;

/// The connection, and the request for another one.
#[derive(Clone)]
pub(super) struct Connection {
    pub(super) shared: Arc<Shared>,
    pub(super) handle: Handle,
    /// How long a round trip may take, including the wait for a connection.
    pub(super) deadline: Duration,
}

/// The state that callers, the supervisor and the connections' own tasks share.
pub(super) struct Shared {
    state: watch::Sender<State>,
    /// A caller waits for an attempt to connect.
    pub(super) wanted: Notify,
    /// `None`: tracking is off.
    pub(super) tracking: Option<Tracking>,
}

/// The state of the connection. Attempts to connect are numbered from 1, one at a time.
struct State {
    /// The last attempt that has begun.
    begun: u64,
    /// The last attempt that has ended.
    ended: u64,
    /// The last incarnation that is known to be lost.
    lost: u64,
    /// The connection that attempt `ended` has made, if it is not lost.
    up: Option<MultiplexedConnection>,
    /// Why there is no connection.
    failure: Failure,
}

impl Connection {
    /// Sends `pipeline` in one piece and waits for its replies: one for each command, including
    /// errors.
    ///
    /// Nothing is ever sent twice.
    ///
    /// # Errors
    ///
    /// - `Unavailable` or `AccessDenied` if there is no connection and none could be made.
    /// - `Unavailable` for a read and `OutcomeUnknown` for a write if the connection was cut.
    /// - `Timeout` if no reply came in time; the connection is replaced.
    pub(super) async fn send(
        &self,
        pipeline: &Pipeline,
        access: Access,
    ) -> Result<Vec<Value>, BackendError> {
        if pipeline.is_empty() {
            return Ok(Vec::new());
        }
        let deadline = time::deadline_after(self.deadline);
        let (mut connection, number) = self.acquire(deadline).await?;
        let replies = connection.send_packed_commands(pipeline, 0, pipeline.len());
        let replies = match time::within(&self.handle, deadline, replies).await {
            Ok(Ok(replies)) => replies,
            Ok(Err(failed)) => {
                if failed.is_io_error() || failed.is_unrecoverable_error() {
                    self.shared.lose(number);
                }
                return Err(error::of_command(failed, access));
            }
            Err(_) => {
                self.shared.lose(number);
                return Err(BackendError::Timeout);
            }
        };
        let refusal = replies.iter().find_map(|reply| match reply {
            Value::ServerError(error) => Some(error),
            _ => None,
        });
        if refusal.is_some_and(error::is_of_a_replica) {
            self.shared.lose(number);
        }
        Ok(replies)
    }

    /// Sends several pipelines at once and returns their replies, in order.
    ///
    /// # Errors
    ///
    /// As [`send`](Self::send), for the first pipeline that fails; others may have been executed.
    /// For a write whose other pipelines may have been executed, `Unavailable` becomes
    /// `OutcomeUnknown`.
    pub(super) async fn send_all(
        &self,
        mut pipelines: Vec<Pipeline>,
        access: Access,
    ) -> Result<Vec<Vec<Value>>, BackendError> {
        if let [pipeline] = pipelines.as_slice() {
            return Ok(vec![self.send(pipeline, access).await?]);
        }
        let mut replies = Vec::with_capacity(pipelines.len());
        while !pipelines.is_empty() {
            let rest = pipelines.split_off(pipelines.len().min(MAX_IN_FLIGHT));
            let mut tasks = JoinSet::new();
            for (index, pipeline) in pipelines.into_iter().enumerate() {
                let connection = self.clone();
                let send = async move { (index, connection.send(&pipeline, access).await) };
                tasks.spawn_on(send, &self.handle);
            }
            let mut window = Vec::with_capacity(tasks.len());
            while let Some(sent) = tasks.join_next().await {
                window.push(sent.map_err(|broken| BackendError::Other(Box::new(broken)))?);
            }
            window.sort_by_key(|(index, _)| *index);
            let window = window.into_iter().map(|(_, sent)| sent).collect();
            let others = !replies.is_empty();
            replies.append(&mut all_parts(window, access, others)?);
            pipelines = rest;
        }
        Ok(replies)
    }

    /// Returns the connection and its number. If there is none, requests an attempt to connect,
    /// which all waiting callers share. The attempt must begin after this call, as the server may
    /// have come up since an earlier one began.
    pub(super) async fn acquire(
        &self,
        deadline: Instant,
    ) -> Result<(MultiplexedConnection, u64), BackendError> {
        let mut state = self.shared.state.subscribe();
        let next = {
            let now = state.borrow_and_update();
            if let Some(up) = now.connection() {
                return Ok(up);
            }
            now.begun + 1
        };
        self.shared.wanted.notify_one();
        let outcome = state.wait_for(|now| now.up.is_some() || now.ended >= next);
        match time::within(&self.handle, deadline, outcome).await {
            Ok(Ok(now)) => now.connection().ok_or_else(|| now.failure.clone().into()),
            // Nothing was sent, so this is no `Timeout`, after which a write may have happened.
            Ok(Err(_)) | Err(_) => Err(self.shared.state.borrow().failure.clone().into()),
        }
    }
}

/// Returns the replies to all parts of a request, or the error of the first that failed. `others`
/// says whether further parts have taken effect already.
///
/// # Errors
///
/// As [`Connection::send_all`].
pub(super) fn all_parts<T>(
    sent: Vec<Result<T, BackendError>>,
    access: Access,
    others: bool,
) -> Result<Vec<T>, BackendError> {
    let may_have_happened = |part: &Result<T, BackendError>| match part {
        Ok(_) => true,
        Err(error) => error.may_have_happened(),
    };
    let happened = access == Access::Write && (others || sent.iter().any(may_have_happened));
    let all: Result<Vec<T>, BackendError> = sent.into_iter().collect();
    all.map_err(|error| error.after_another_part(happened))
}

impl State {
    fn connection(&self) -> Option<(MultiplexedConnection, u64)> {
        self.up.clone().map(|connection| (connection, self.ended))
    }
}

impl Shared {
    pub(super) fn new(address: Arc<str>, tracking: Option<Tracking>) -> Self {
        Self {
            state: watch::Sender::new(State {
                begun: 0,
                ended: 0,
                lost: 0,
                up: None,
                failure: Failure::NotYet(address),
            }),
            wanted: Notify::new(),
            tracking,
        }
    }

    /// Begins an attempt to connect; returns its number.
    pub(super) fn begin(&self) -> u64 {
        let mut number = 0;
        self.state.send_if_modified(|state| {
            state.begun += 1;
            number = state.begun;
            false
        });
        number
    }

    /// Ends the attempt that [`begin`](Self::begin) began.
    pub(super) fn end(&self, outcome: Result<MultiplexedConnection, Failure>) {
        self.state.send_modify(|state| {
            state.ended = state.begun;
            (state.up, state.failure) = match outcome {
                // It may have been lost before the attempt ended.
                Ok(connection) if state.lost < state.ended => (Some(connection), Failure::Lost),
                Ok(_) => (None, Failure::Lost),
                Err(failure) => (None, failure),
            };
        });
    }

    /// Gives up an incarnation. Commands that wait for replies on it go on waiting.
    pub(super) fn lose(&self, number: u64) {
        if let Some(tracking) = &self.tracking {
            tracking.lost(number);
        }
        // Dropped after the lock is released: the drop ends the connection's own task, in which
        // this may run.
        let mut given_up = None;
        self.state.send_if_modified(|state| {
            state.lost = state.lost.max(number);
            if state.ended == number {
                given_up = state.up.take();
            }
            given_up.is_some()
        });
    }

    /// Returns the connection, if there is one.
    pub(super) fn current(&self) -> Option<MultiplexedConnection> {
        self.state.borrow().up.clone()
    }

    /// Waits until there is no connection.
    pub(super) async fn down(&self) {
        let mut state = self.state.subscribe();
        // The sender is in `self`, so this cannot fail.
        let _ = state.wait_for(|state| state.up.is_none()).await;
    }
}

/// Processes a push of an incarnation, if its backend still exists.
pub(super) fn on_push(shared: &Weak<Shared>, number: u64, push: &PushInfo) {
    let Some(shared) = shared.upgrade() else {
        return;
    };
    if push.kind == PushKind::Disconnection {
        shared.lose(number);
    } else if let Some(tracking) = &shared.tracking {
        tracking.on_push(push);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_of_a_write_that_may_have_happened_in_part_have_an_unknown_outcome() {
        let unavailable = || Err(BackendError::Unavailable("gone".into()));
        let denied = || Err(BackendError::AccessDenied("no".into()));
        let kind = |parts: Vec<Result<(), BackendError>>, access, others| {
            let error = all_parts(parts, access, others).expect_err("one has failed");
            error.kind()
        };
        let (read, write) = (Access::Read, Access::Write);
        assert_eq!(
            kind(vec![unavailable(), unavailable()], write, false),
            "unavailable"
        );
        assert_eq!(
            kind(vec![unavailable(), denied()], write, false),
            "unavailable"
        );
        assert_eq!(
            kind(vec![Ok(()), unavailable()], read, false),
            "unavailable"
        );
        assert_eq!(kind(vec![Ok(()), denied()], write, false), "access-denied");
        for parts in [
            vec![Ok(()), unavailable()],
            vec![unavailable(), Ok(())],
            vec![unavailable(), Err(BackendError::Timeout)],
        ] {
            assert_eq!(kind(parts, write, false), "outcome-unknown");
        }
        assert_eq!(kind(vec![unavailable()], write, true), "outcome-unknown");
    }

    fn connection(deadline: Duration) -> Connection {
        Connection {
            shared: Arc::new(Shared::new("nowhere".into(), None)),
            handle: Handle::current(),
            deadline,
        }
    }

    fn ping() -> Pipeline {
        let mut pipeline = Pipeline::new();
        pipeline.cmd("PING");
        pipeline
    }

    async fn wait_until_wanted(shared: &Shared) {
        let wanted = shared.wanted.notified();
        let wanted = tokio::time::timeout(Duration::from_secs(5), wanted).await;
        assert!(
            wanted.is_ok(),
            "request an attempt; do not wait for the pause to end"
        );
    }

    #[tokio::test]
    async fn send_without_a_connection_requests_an_attempt_and_gives_up_at_the_deadline() {
        let connection = connection(Duration::from_millis(1));

        let sent = connection.send(&ping(), Access::Write).await;

        assert!(
            matches!(sent, Err(BackendError::Unavailable(_))),
            "{sent:?}"
        );
        wait_until_wanted(&connection.shared).await;
    }

    #[tokio::test]
    async fn send_during_an_attempt_that_fails_waits_for_the_next() {
        let connection = connection(Duration::from_secs(20));
        let shared = Arc::clone(&connection.shared);
        assert_eq!(shared.begin(), 1);
        let waiting = tokio::spawn(async move { connection.send(&ping(), Access::Write).await });
        wait_until_wanted(&shared).await;

        // The server may have come up since this attempt began.
        shared.end(Err(Failure::Lost));
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());

        assert_eq!(shared.begin(), 2);
        shared.end(Err(Failure::Lost));
        let sent = waiting.await.unwrap();
        assert!(
            matches!(sent, Err(BackendError::Unavailable(_))),
            "{sent:?}"
        );
    }
}
