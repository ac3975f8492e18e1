//! The replies of nodes that did not execute a command:
//! <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/#redirection-and-resharding>.

use ::redis::{ServerError, Value};

/// The node that a redirection names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NodeAddr {
    /// `None`: the host of the node that sent the redirection.
    pub(super) name: Option<String>,
    pub(super) port: u16,
}

/// Why a node has not executed a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Redirect {
    /// Another node owns the slot.
    Moved(NodeAddr),
    /// The slot is being migrated to another node, and the key is not here.
    Ask(NodeAddr),
    /// Some keys are being migrated.
    TryAgain,
    /// The slot is unassigned, or the node considers the cluster down.
    ClusterDown,
}

impl Redirect {
    /// Returns the error code.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Moved(_) => "MOVED",
            Self::Ask(_) => "ASK",
            Self::TryAgain => "TRYAGAIN",
            Self::ClusterDown => "CLUSTERDOWN",
        }
    }
}

/// Parses the replies to a command, or to a complete transaction: why it was not executed, if it
/// may be sent again.
///
/// A transaction is executed unless the reply to its `EXEC`, the last one, is an error.
pub(super) fn redirect(replies: &[Value]) -> Option<Redirect> {
    let Some(Value::ServerError(_)) = replies.last() else {
        return None;
    };
    let first = replies.iter().find_map(|reply| match reply {
        Value::ServerError(error) => Some(error),
        _ => None,
    });
    of_error(first?)
}

fn of_error(error: &ServerError) -> Option<Redirect> {
    let node_addr = || node_addr(error.details()?);
    match error.code() {
        "MOVED" => node_addr().map(Redirect::Moved),
        "ASK" => node_addr().map(Redirect::Ask),
        "TRYAGAIN" => Some(Redirect::TryAgain),
        "CLUSTERDOWN" => Some(Redirect::ClusterDown),
        _ => None,
    }
}

/// Parses `SLOT HOST:PORT`.
fn node_addr(details: &str) -> Option<NodeAddr> {
    let (_slot, address) = details.trim().split_once(' ')?;
    let (name, port) = address.rsplit_once(':')?;
    let name = name.trim_start_matches('[').trim_end_matches(']');
    Some(NodeAddr {
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

    fn parsed(wire: &str) -> Option<Redirect> {
        match parse_redis_value(wire.as_bytes()).unwrap() {
            Value::Array(replies) => redirect(&replies),
            other => panic!("write an array, not {other:?}"),
        }
    }

    fn at(name: Option<&str>, port: u16) -> NodeAddr {
        NodeAddr {
            name: name.map(str::to_owned),
            port,
        }
    }

    #[test]
    fn redirect_of_a_command_names_the_node() {
        for (line, expected) in [
            (
                "MOVED 1 10.0.0.1:7",
                Redirect::Moved(at(Some("10.0.0.1"), 7)),
            ),
            ("MOVED 1 ::1:7", Redirect::Moved(at(Some("::1"), 7))),
            ("MOVED 1 :7", Redirect::Moved(at(None, 7))),
            ("ASK 1 ?:7", Redirect::Ask(at(None, 7))),
            ("TRYAGAIN wait", Redirect::TryAgain),
            ("CLUSTERDOWN down", Redirect::ClusterDown),
        ] {
            assert_eq!(
                parsed(&format!("*1\r\n-{line}\r\n")),
                Some(expected),
                "{line}"
            );
        }
    }

    #[test]
    fn redirect_of_executed_or_failed_commands_is_none() {
        for wire in [
            "*1\r\n+OK\r\n",
            "*1\r\n-READONLY no\r\n",
            "*1\r\n-MOVED 1\r\n",
            "*1\r\n-MOVED 1 nowhere\r\n",
            "*1\r\n-MOVED 1 h:0\r\n",
            // Whatever came before, EXEC has executed.
            "*3\r\n+OK\r\n-MOVED 1 h:7\r\n*1\r\n+OK\r\n",
            // One command does not speak for the others.
            "*3\r\n+OK\r\n+QUEUED\r\n*1\r\n-MOVED 1 h:7\r\n",
            "*3\r\n+OK\r\n-NOPERM no\r\n-EXECABORT no\r\n",
        ] {
            assert_eq!(parsed(wire), None, "{wire:?}");
        }
    }

    #[test]
    fn redirect_of_a_transaction_is_that_of_its_first_command() {
        let queued = "*3\r\n+OK\r\n-MOVED 1 h:7\r\n-EXECABORT discarded\r\n";
        assert_eq!(parsed(queued), Some(Redirect::Moved(at(Some("h"), 7))));
        let at_the_end = "*3\r\n+OK\r\n+QUEUED\r\n-ASK 1 h:7\r\n";
        assert_eq!(parsed(at_the_end), Some(Redirect::Ask(at(Some("h"), 7))));
    }

    proptest! {
        #[test]
        fn redirect_of_any_replies_never_panics(replies in prop::collection::vec(any_value(), 0..5)) {
            redirect(&replies);
        }
    }
}
