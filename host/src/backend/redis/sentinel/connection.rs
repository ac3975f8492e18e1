//! A connection to one sentinel: what it answers, and what it says of switches.
//!
//! Commands and messages: <https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/>.

use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionInfo, ProtocolVersion, PushInfo, PushKind, RedisError, Value, cmd};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::backend::redis::dial;
use crate::backend::redis::hosts::Host;

/// Where a sentinel says that a service has a new master: `NAME OLD-HOST OLD-PORT NEW-HOST NEW-PORT`.
const SWITCHES: &str = "+switch-master";

/// A sentinel that answers.
pub(super) struct Link {
    connection: MultiplexedConnection,
    said: watch::Receiver<Said>,
}

/// What a sentinel has said unasked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    /// The service has a new master.
    Switched,
    /// Nothing more: the link is cut.
    Gone,
}

/// What became of the master.
pub(super) enum Word {
    /// It is at this address.
    At(Host),
    /// It is at another address than before.
    Switched,
    /// The sentinel does not say any more.
    Lost,
}

impl Link {
    /// Connects. The sentinel tells of switches from then on, if it can; what is asked afterwards is never
    /// older than what it tells.
    ///
    /// # Errors
    ///
    /// If the sentinel is not there or does not let us in.
    pub(super) async fn open(
        info: &ConnectionInfo,
        service: &str,
        end: Instant,
    ) -> Result<Self, RedisError> {
        let (sender, said) = watch::channel(Said::Nothing);
        let service = service.to_owned();
        let on_push = move |push: PushInfo| {
            take_in(&sender, &service, &push);
            Ok::<(), ()>(())
        };
        let (mut connection, protocol) = dial::open_newest(info, end, on_push).await?;
        if protocol != ProtocolVersion::RESP2 {
            match connection.subscribe(SWITCHES).await {
                Err(error) if error.is_io_error() => return Err(error),
                Err(error) => tracing::debug!(%error, "the sentinel tells nothing unasked"),
                Ok(()) => {}
            }
        }
        Ok(Self { connection, said })
    }

    /// Where the sentinel says that the master is; `None`: it knows no such service.
    pub(super) async fn master(&mut self, service: &str) -> Result<Option<Host>, RedisError> {
        let mut question = cmd("SENTINEL");
        question.arg("GET-MASTER-ADDR-BY-NAME").arg(service);
        let answer: Value = question.query_async(&mut self.connection).await?;
        if answer == Value::Nil {
            return Ok(None);
        }
        let (name, port): (String, u16) = ::redis::from_redis_value(answer)?;
        Ok(Some(Host { name, port }))
    }

    /// Waits until the sentinel speaks, or asks it after a while, and answers what it says.
    ///
    /// What is told while nobody waits is not lost.
    pub(super) async fn next(&mut self, service: &str, every: Duration) -> Word {
        let told = async {
            let said = self.said.wait_for(|said| *said != Said::Nothing).await;
            match said.map(|said| *said) {
                Ok(said) => said,
                // It says nothing unasked.
                Err(_) => std::future::pending().await,
            }
        };
        match tokio::time::timeout(every, told).await {
            Ok(Said::Switched) => return Word::Switched,
            Ok(_) => return Word::Lost,
            Err(_) => {}
        }
        match tokio::time::timeout(every, self.master(service)).await {
            Ok(Ok(Some(master))) => Word::At(master),
            _ => Word::Lost,
        }
    }
}

fn take_in(sender: &watch::Sender<Said>, service: &str, push: &PushInfo) {
    let news = match push.kind {
        PushKind::Disconnection => Said::Gone,
        PushKind::Message if is_switch_of(service, push) => Said::Switched,
        _ => return,
    };
    sender.send_if_modified(|said| {
        // A switch must not be forgotten when the link is cut.
        let is_new = *said != Said::Switched;
        if is_new {
            *said = news;
        }
        is_new
    });
}

/// Whether a message says that the service has another master.
///
/// It counts whichever master it names: one that was replaced and came back has missed something.
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
            data: [SWITCHES, text]
                .map(|part| Value::BulkString(part.into()))
                .into(),
        };
        assert!(is_switch_of("m", &push("m 127.0.0.1 1 127.0.0.1 2")));
        for text in ["m1 127.0.0.1 1 127.0.0.1 2", "", "1 m"] {
            assert!(!is_switch_of("m", &push(text)), "{text}");
        }
    }
}
