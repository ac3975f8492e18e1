//! The reply to `ROLE`: <https://redis.io/docs/latest/commands/role/>.

use ::redis::{ServerError, Value};

use super::error;

/// The role of a server.
pub(super) enum Role {
    Master,
    Replica,
    /// The server refuses to say at the moment.
    Unknown(ServerError),
}

/// Parses the reply to `ROLE`, which is the first one. A server that permanently refuses the
/// command counts as a master.
pub(super) fn role(replies: &[Value]) -> Role {
    match replies.first() {
        Some(Value::Array(role)) => match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Role::Master,
            _ => Role::Replica,
        },
        Some(Value::ServerError(error)) if error::is_permanent(error) => Role::Master,
        Some(Value::ServerError(error)) => Role::Unknown(error.clone()),
        _ => Role::Replica,
    }
}
