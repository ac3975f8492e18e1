//! Maps Redis' errors to backend errors.
//!
//! An error's code is its first word:
//! <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>.

use ::redis::{ErrorKind, RedisError, ServerError, ServerErrorKind};

use crate::backend::{Access, BackendError};

/// The server's error, as it was sent: `READONLY You can't write against a read only replica.`
#[derive(Debug, thiserror::Error)]
#[error("{code} {detail}")]
struct Reply {
    code: String,
    detail: String,
}

/// A reply that does not fit the command.
#[derive(Debug, thiserror::Error)]
#[error("the server sent a reply that this command does not have")]
struct Unexpected;

impl Reply {
    /// Redis repeats the arguments of an unknown command, values too: they are left out.
    fn new(code: &str, detail: &str) -> Self {
        let detail = if is_unknown_command(code, detail) {
            detail.split(", with args").next().unwrap_or_default()
        } else {
            detail
        };
        Self {
            code: code.to_owned(),
            detail: detail.trim_end().to_owned(),
        }
    }
}

/// A plain URL led to a node of a cluster.
#[derive(Debug, thiserror::Error)]
#[error("this server is a node of a cluster: connect with redis+cluster://HOST[,HOST…] ({0})")]
struct ClusterNode(Reply);

/// Returns the code and the rest of an error. If `EXEC` gives the reason why it was discarded,
/// returns those of the reason.
fn code_and_detail(error: &ServerError) -> (&str, &str) {
    let (code, detail) = (error.code(), error.details().unwrap_or_default());
    let reason = match code {
        "EXECABORT" => detail.split_once("because of: "),
        _ => None,
    };
    match reason {
        Some((_, reason)) => reason.split_once(' ').unwrap_or((reason, "")),
        None => (code, detail),
    }
}

/// Returns the server's error as text, for logs and errors.
pub(super) fn message(error: &ServerError) -> String {
    let (code, detail) = code_and_detail(error);
    Reply::new(code, detail).to_string()
}

/// Returns whether a refusal lasts until the server or its users are changed. All others pass by
/// themselves.
pub(super) fn is_permanent(error: &ServerError) -> bool {
    let (code, detail) = code_and_detail(error);
    let detail = detail.to_ascii_lowercase();
    let permanent = ["unknown command", "unknown subcommand", "syntax error"];
    code == "NOPERM" || code == "ERR" && permanent.iter().any(|words| detail.starts_with(words))
}

/// Maps an error that the server sent as a reply.
pub(super) fn of_reply(error: &ServerError) -> BackendError {
    let (code, detail) = code_and_detail(error);
    let reply = Reply::new(code, detail);
    if matches!(code, "MOVED" | "ASK" | "CROSSSLOT") {
        return BackendError::Unsupported(Box::new(ClusterNode(reply)));
    }
    let cause = Box::new(reply);
    match code {
        "NOPERM" | "NOAUTH" | "WRONGPASS" | "DENIED" => BackendError::AccessDenied(cause),
        "READONLY" | "LOADING" | "MASTERDOWN" | "NOREPLICAS" | "BUSY" | "EXECABORT"
        | "TRYAGAIN" | "CLUSTERDOWN" => BackendError::Unavailable(cause),
        _ if is_unknown_command(code, detail) => BackendError::Unsupported(cause),
        _ => BackendError::Other(cause),
    }
}

/// Returns whether the server refused a command because its memory is full.
pub(super) fn is_out_of_memory(error: &BackendError) -> bool {
    let BackendError::Other(cause) = error else {
        return false;
    };
    let reply = cause.downcast_ref::<Reply>();
    reply.is_some_and(|reply| reply.code == "OOM")
}

/// Maps an error that came instead of replies to a command that was sent.
pub(super) fn of_command(error: RedisError, access: Access) -> BackendError {
    match (access, error.kind()) {
        (Access::Write, _) => BackendError::OutcomeUnknown(Box::new(error)),
        (Access::Read, ErrorKind::Io) => BackendError::Unavailable(Box::new(error)),
        (Access::Read, _) => BackendError::Other(Box::new(error)),
    }
}

/// Returns the error for a reply that does not fit the command.
pub(super) fn unexpected() -> BackendError {
    BackendError::Other(Box::new(Unexpected))
}

/// Returns whether the first error of a pipeline shows that the server is no longer a master.
///
/// `EXECABORT` without a reason comes first only if the commands before `EXEC` were all right: then
/// the server has changed in between.
pub(super) fn is_of_a_replica(error: &ServerError) -> bool {
    matches!(code_and_detail(error).0, "READONLY" | "EXECABORT")
}

/// Returns whether a server refused the connection because of the credentials.
pub(super) fn is_denial(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm)
    ) || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "DENIED"))
}

/// Returns whether an error in reply to `HELLO` means that the server, or a proxy before it, may
/// still accept the older protocol. Proxies refuse in any wording, and may ask for a password that
/// `HELLO` has given.
pub(super) fn wants_older_protocol(error: &RedisError, has_password: bool) -> bool {
    match (error.kind(), error.code()) {
        (ErrorKind::RESP3NotSupported, _) => true,
        (_, None) => false,
        (_, Some("NOAUTH")) => has_password,
        (_, Some("WRONGPASS" | "DENIED")) => false,
        // These errors pass, and the server then speaks RESP3.
        (_, Some("BUSY" | "LOADING" | "MASTERDOWN" | "CLUSTERDOWN" | "TRYAGAIN")) => false,
        (_, Some(_)) => !error
            .detail()
            .unwrap_or_default()
            .starts_with("max number of clients"),
    }
}

fn is_unknown_command(code: &str, detail: &str) -> bool {
    code == "ERR" && detail.starts_with("unknown command")
}

#[cfg(test)]
mod tests {
    use ::redis::{Value, parse_redis_value};

    use super::*;

    fn reply(line: &str) -> BackendError {
        let bytes = format!("-{line}\r\n");
        match parse_redis_value(bytes.as_bytes()).unwrap() {
            Value::ServerError(error) => of_reply(&error),
            other => panic!("{line} must be an error, not {other:?}"),
        }
    }

    #[test]
    fn of_reply_codes_map_to_kinds() {
        for line in ["NOPERM no", "NOAUTH no", "WRONGPASS no", "DENIED no"] {
            assert!(
                matches!(reply(line), BackendError::AccessDenied(_)),
                "{line}"
            );
        }
        for line in ["READONLY no", "LOADING no", "BUSY no", "NOREPLICAS no"] {
            assert!(
                matches!(reply(line), BackendError::Unavailable(_)),
                "{line}"
            );
        }
        for line in [
            "MOVED 1 h:1",
            "ERR unknown command `GETEX`, with args beginning with: `k`",
        ] {
            assert!(
                matches!(reply(line), BackendError::Unsupported(_)),
                "{line}"
            );
        }
        for line in [
            "ERR value is not an integer or out of range",
            "OOM no",
            "WRONGTYPE no",
        ] {
            assert!(matches!(reply(line), BackendError::Other(_)), "{line}");
        }
    }

    fn server_error(line: &str) -> ServerError {
        match parse_redis_value(format!("-{line}\r\n").as_bytes()).unwrap() {
            Value::ServerError(error) => error,
            other => panic!("{line} must be an error, not {other:?}"),
        }
    }

    #[test]
    fn of_reply_discarded_transaction_is_of_the_kind_of_its_reason() {
        let discarded = |why: &str| format!("EXECABORT Transaction discarded because of: {why}");
        let error = reply(&discarded("NOPERM User x has no permissions"));
        let BackendError::AccessDenied(cause) = error else {
            panic!("the user may not do this: {error:?}");
        };
        assert_eq!(cause.to_string(), "NOPERM User x has no permissions");
        assert!(is_out_of_memory(&reply(&discarded(
            "OOM command not allowed"
        ))));
        for (why, is_replica) in [("READONLY no", true), ("NOPERM no", false)] {
            let error = server_error(&discarded(why));
            assert_eq!(is_of_a_replica(&error), is_replica, "{why}");
        }
        let previous = server_error("EXECABORT Transaction discarded because of previous errors.");
        assert!(is_of_a_replica(&previous));
    }

    #[test]
    fn is_permanent_only_until_server_or_users_change() {
        for line in [
            "NOPERM no",
            "ERR unknown command 'CLIENT', with args beginning with: 'TRACKING' ",
            "ERR unknown subcommand 'TRACKING'. Try CLIENT HELP.",
            "ERR Unknown subcommand or wrong number of arguments for 'TRACKING'",
            "ERR syntax error",
        ] {
            assert!(is_permanent(&server_error(line)), "{line}");
        }
        for line in [
            "BUSY Redis is busy running a script.",
            "LOADING Redis is loading the dataset in memory",
            "MASTERDOWN Link with MASTER is down",
            "ERR max number of clients reached",
            "ERR upstream failure",
            "PROXY no",
        ] {
            assert!(!is_permanent(&server_error(line)), "{line}");
        }
    }

    #[test]
    fn of_reply_unknown_command_does_not_repeat_its_arguments() {
        let line = "ERR unknown command 'SET', with args beginning with: 'k' 'secret' ";
        let BackendError::Unsupported(cause) = reply(line) else {
            panic!("a server without SET cannot do this");
        };
        assert_eq!(cause.to_string(), "ERR unknown command 'SET'");
    }
}
