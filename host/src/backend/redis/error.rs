//! What Redis' errors mean to a caller.
//!
//! An error's code is its first word: <https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors>.

use ::redis::{ErrorKind, RedisError, ServerError, ServerErrorKind};

use crate::backend::BackendError;

/// What the server said, in its words: `READONLY You can't write against a read only replica.`
#[derive(Debug, thiserror::Error)]
#[error("{code} {detail}")]
struct Reply {
    code: String,
    detail: String,
}

/// A reply that does not belong to what was asked.
#[derive(Debug, thiserror::Error)]
#[error("the server gave an answer of a kind that this command does not have")]
struct Unexpected;

/// What a reply means that is an error.
pub(super) fn of_reply(error: &ServerError) -> BackendError {
    let detail = error.details().unwrap_or_default();
    let unknown = is_unknown_command(error.kind(), error.code(), detail);
    // Redis repeats the arguments of a command that it does not know, values too.
    let detail = match unknown {
        true => detail.split(", with args").next().unwrap_or_default(),
        false => detail,
    };
    let cause = Box::new(Reply {
        code: error.code().to_owned(),
        detail: detail.trim_end().to_owned(),
    });
    match error.code() {
        "NOPERM" | "NOAUTH" | "WRONGPASS" | "DENIED" => BackendError::AccessDenied(cause),
        "READONLY" | "LOADING" | "MASTERDOWN" | "NOREPLICAS" | "BUSY" | "EXECABORT"
        | "TRYAGAIN" | "CLUSTERDOWN" => BackendError::Unavailable(cause),
        // The server is a node of a cluster.
        "MOVED" | "ASK" | "CROSSSLOT" => BackendError::Unsupported(cause),
        _ if unknown => BackendError::Unsupported(cause),
        _ => BackendError::Other(cause),
    }
}

/// Whether the server refused a command because its memory is full.
pub(super) fn is_out_of_memory(error: &BackendError) -> bool {
    let BackendError::Other(cause) = error else {
        return false;
    };
    let reply = cause.downcast_ref::<Reply>();
    reply.is_some_and(|reply| reply.code == "OOM")
}

/// What an error means that came instead of replies.
pub(super) fn of_command(error: RedisError) -> BackendError {
    match error.kind() {
        ErrorKind::Io => BackendError::Unavailable(Box::new(error)),
        _ => BackendError::Other(Box::new(error)),
    }
}

/// The answer to a reply of a kind that the command does not have.
pub(super) fn unexpected() -> BackendError {
    BackendError::Other(Box::new(Unexpected))
}

/// Whether the first error among the replies of a pipeline says that the server is no master any more.
///
/// `EXECABORT` comes first only if nothing was wrong with the commands before `EXEC`: then the
/// server has changed in between.
pub(super) fn is_of_a_replica(error: &ServerError) -> bool {
    matches!(error.code(), "READONLY" | "EXECABORT")
}

/// Whether a server refused the connection for who we are.
pub(super) fn is_denial(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm)
    ) || matches!(error.code(), Some("NOAUTH" | "WRONGPASS" | "DENIED"))
}

/// Whether a server refused `HELLO` because it does not know it. Nothing but the text tells.
pub(super) fn is_hello_unknown(error: &RedisError) -> bool {
    let kind = match error.kind() {
        ErrorKind::RESP3NotSupported => return true,
        ErrorKind::Server(kind) => Some(kind),
        _ => None,
    };
    is_unknown_command(
        kind,
        error.code().unwrap_or_default(),
        error.detail().unwrap_or_default(),
    )
}

fn is_unknown_command(kind: Option<ServerErrorKind>, code: &str, detail: &str) -> bool {
    kind == Some(ServerErrorKind::ResponseError)
        && code == "ERR"
        && detail.starts_with("unknown command")
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
    fn of_reply_codes_are_told_apart() {
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

    #[test]
    fn of_reply_unknown_command_does_not_repeat_its_arguments() {
        let line = "ERR unknown command 'SET', with args beginning with: 'k' 'secret' ";
        let BackendError::Unsupported(cause) = reply(line) else {
            panic!("a server without SET cannot do this");
        };
        assert_eq!(cause.to_string(), "ERR unknown command 'SET'");
    }
}
