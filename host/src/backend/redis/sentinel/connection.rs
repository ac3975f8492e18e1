//! A connection to one sentinel: its replies, and its messages about failovers.
//!
//! Commands and messages:
//! <https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/>.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisError, Value, cmd};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::backend::redis::dial;
use crate::backend::redis::hosts::Host;

/// The channel for a service's new master: `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`.
const SWITCH_CHANNEL: &str = "+switch-master";

/// A connection to a sentinel that has replied.
pub(super) struct SentinelConnection {
    connection: MultiplexedConnection,
    push_state: watch::Receiver<PushState>,
}

/// The latest message of a sentinel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PushState {
    Nothing,
    /// The service has a new master.
    Switched,
    /// The connection is lost.
    Disconnected,
}

/// A report of a sentinel about the master.
pub(super) enum SentinelEvent {
    /// The master is at this address.
    MasterAt(Host),
    /// The master is at another address than before.
    Switched,
    /// The connection to the sentinel is lost.
    Lost,
}

impl SentinelConnection {
    /// Connects and subscribes to failovers, if the sentinel supports that. A later reply is never
    /// older than a message before it.
    ///
    /// # Errors
    ///
    /// If the sentinel cannot be reached or refuses the connection.
    pub(super) async fn open(
        info: &ConnectionInfo,
        service: &str,
        end: Instant,
    ) -> Result<Self, RedisError> {
        let (sender, push_state) = watch::channel(PushState::Nothing);
        let service = service.to_owned();
        let on_push = move |push: PushInfo| {
            record_push(&sender, &service, &push);
            Ok::<(), ()>(())
        };
        let (mut connection, protocol) = dial::open_newest(info, end, on_push).await?;
        if protocol != ProtocolVersion::RESP2 {
            match connection.subscribe(SWITCH_CHANNEL).await {
                Err(error) if error.is_io_error() => return Err(error),
                Err(error) => {
                    tracing::debug!(%error, "cannot subscribe to failovers; asking the sentinel instead");
                }
                Ok(()) => {}
            }
        }
        Ok(Self {
            connection,
            push_state,
        })
    }

    /// Returns the master's address; `None`: the sentinel knows no such service.
    pub(super) async fn master(&mut self, service: &str) -> Result<Option<Host>, RedisError> {
        let mut command = cmd("SENTINEL");
        command.arg("GET-MASTER-ADDR-BY-NAME").arg(service);
        let reply: Value = command.query_async(&mut self.connection).await?;
        if reply == Value::Nil {
            return Ok(None);
        }
        let (name, port): (String, u16) = ::redis::from_redis_value(reply)?;
        Ok(Some(Host { name, port }))
    }

    /// Waits for a message, or asks after `interval`, and returns the event.
    ///
    /// A message that arrives while no call waits is not lost.
    pub(super) async fn next(&mut self, service: &str, interval: Duration) -> SentinelEvent {
        let message = async {
            let push_state = self
                .push_state
                .wait_for(|push_state| *push_state != PushState::Nothing)
                .await;
            match push_state.map(|push_state| *push_state) {
                Ok(push_state) => push_state,
                // The sentinel sends no messages.
                Err(_) => std::future::pending().await,
            }
        };
        match tokio::time::timeout(interval, message).await {
            Ok(PushState::Switched) => return SentinelEvent::Switched,
            Ok(_) => return SentinelEvent::Lost,
            Err(_) => {}
        }
        match tokio::time::timeout(interval, self.master(service)).await {
            Ok(Ok(Some(master))) => SentinelEvent::MasterAt(master),
            _ => SentinelEvent::Lost,
        }
    }
}

fn record_push(sender: &watch::Sender<PushState>, service: &str, push: &PushInfo) {
    let new_state = match push.kind {
        PushKind::Disconnection => PushState::Disconnected,
        PushKind::Message if is_switch_of(service, push) => PushState::Switched,
        _ => return,
    };
    sender.send_if_modified(|push_state| {
        // A lost connection must not overwrite a failover.
        let is_new = *push_state != PushState::Switched;
        if is_new {
            *push_state = new_state;
        }
        is_new
    });
}

/// Returns whether a message announces another master of the service.
///
/// It counts whichever master it names: one that was replaced and came back has missed writes.
fn is_switch_of(service: &str, push: &PushInfo) -> bool {
    let text = match push.data.as_slice() {
        [_, Value::BulkString(text)] => text,
        _ => return false,
    };
    let name = text.split(|byte| *byte == b' ').next();
    name == Some(service.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_switch_of_another_service_is_none() {
        let push = |text: &str| PushInfo {
            kind: PushKind::Message,
            data: [SWITCH_CHANNEL, text]
                .map(|part| Value::BulkString(part.into()))
                .into(),
        };
        assert!(is_switch_of("m", &push("m 127.0.0.1 1 127.0.0.1 2")));
        for text in ["m1 127.0.0.1 1 127.0.0.1 2", "", "1 m"] {
            assert!(!is_switch_of("m", &push(text)), "{text}");
        }
    }
}
