//! What a node answers instead of executing a command:
//! <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#redirection-and-resharding>.

use ::redis::{ServerError, Value};

/// Where a node sends a command on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Elsewhere {
    /// `None`: the host of the node that said so.
    pub(super) name: Option<String>,
    pub(super) port: u16,
}

/// Why a node has not executed what it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The slot is another node's.
    Moved(Elsewhere),
    /// The slot is on its way to another node, and the key is not here any more, or never was.
    Ask(Elsewhere),
    /// Some keys are on their way.
    TryAgain,
    /// The node knows nobody who has the slot, or takes the cluster to be down.
    ClusterDown,
}

impl Refusal {
    /// What the node said, in its own word.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::Moved(_) => "MOVED",
            Self::Ask(_) => "ASK",
            Self::TryAgain => "TRYAGAIN",
            Self::ClusterDown => "CLUSTERDOWN",
        }
    }
}

/// From the replies to a command, or to a transaction with all that is in it: why it was not executed, if
/// that is what they say and it may be sent again.
///
/// A transaction is executed only if the reply to its `EXEC`, which is the last, is no error.
pub(super) fn refusal(replies: &[Value]) -> Option<Refusal> {
    let Some(Value::ServerError(_)) = replies.last() else {
        return None;
    };
    let first = replies.iter().find_map(|reply| match reply {
        Value::ServerError(error) => Some(error),
        _ => None,
    });
    of_error(first?)
}

fn of_error(error: &ServerError) -> Option<Refusal> {
    let elsewhere = || elsewhere(error.details()?);
    match error.code() {
        "MOVED" => elsewhere().map(Refusal::Moved),
        "ASK" => elsewhere().map(Refusal::Ask),
        "TRYAGAIN" => Some(Refusal::TryAgain),
        "CLUSTERDOWN" => Some(Refusal::ClusterDown),
        _ => None,
    }
}

/// From `SLOT HOST:PORT`.
fn elsewhere(details: &str) -> Option<Elsewhere> {
    let (_slot, address) = details.trim().split_once(' ')?;
    let (name, port) = address.rsplit_once(':')?;
    let name = name.trim_start_matches('[').trim_end_matches(']');
    Some(Elsewhere {
        name: (!matches!(name, "" | "?")).then(|| name.to_owned()),
        port: port.parse().ok().filter(|port| *port != 0)?,
    })
}

#[cfg(test)]
mod tests {
    use ::redis::parse_redis_value;
    use proptest::prelude::*;

    use super::*;
    use crate::backend::redis::reply::values::any_value;

    fn said(wire: &str) -> Option<Refusal> {
        match parse_redis_value(wire.as_bytes()).unwrap() {
            Value::Array(replies) => refusal(&replies),
            other => panic!("write an array, not {other:?}"),
        }
    }

    fn at(name: Option<&str>, port: u16) -> Elsewhere {
        Elsewhere {
            name: name.map(str::to_owned),
            port,
        }
    }

    #[test]
    fn refusal_of_a_command_says_where_to_go() {
        for (line, expected) in [
            (
                "MOVED 1 10.0.0.1:7",
                Refusal::Moved(at(Some("10.0.0.1"), 7)),
            ),
            ("MOVED 1 ::1:7", Refusal::Moved(at(Some("::1"), 7))),
            ("MOVED 1 :7", Refusal::Moved(at(None, 7))),
            ("ASK 1 ?:7", Refusal::Ask(at(None, 7))),
            ("TRYAGAIN wait", Refusal::TryAgain),
            ("CLUSTERDOWN down", Refusal::ClusterDown),
        ] {
            assert_eq!(
                said(&format!("*1\r\n-{line}\r\n")),
                Some(expected),
                "{line}"
            );
        }
    }

    #[test]
    fn refusal_of_what_was_executed_or_cannot_be_sent_again_is_none() {
        for wire in [
            "*1\r\n+OK\r\n",
            "*1\r\n-READONLY no\r\n",
            "*1\r\n-MOVED 1\r\n",
            "*1\r\n-MOVED 1 nowhere\r\n",
            "*1\r\n-MOVED 1 h:0\r\n",
            // Whatever was said before, EXEC has executed.
            "*3\r\n+OK\r\n-MOVED 1 h:7\r\n*1\r\n+OK\r\n",
            // Nor is what one command says of the others.
            "*3\r\n+OK\r\n+QUEUED\r\n*1\r\n-MOVED 1 h:7\r\n",
            "*3\r\n+OK\r\n-NOPERM no\r\n-EXECABORT no\r\n",
        ] {
            assert_eq!(said(wire), None, "{wire:?}");
        }
    }

    #[test]
    fn refusal_of_a_transaction_is_that_of_its_first_command() {
        let queued = "*3\r\n+OK\r\n-MOVED 1 h:7\r\n-EXECABORT discarded\r\n";
        assert_eq!(said(queued), Some(Refusal::Moved(at(Some("h"), 7))));
        let at_the_end = "*3\r\n+OK\r\n+QUEUED\r\n-ASK 1 h:7\r\n";
        assert_eq!(said(at_the_end), Some(Refusal::Ask(at(Some("h"), 7))));
    }

    proptest! {
        #[test]
        fn refusal_of_any_replies_never_panics(replies in prop::collection::vec(any_value(), 0..5)) {
            refusal(&replies);
        }
    }
}
