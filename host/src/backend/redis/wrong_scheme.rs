//! Servers that need a URL of another scheme.

use ::redis::Value;

/// A server that needs another URL scheme than a plain one: it would execute only some of the
/// commands.
#[derive(Debug, thiserror::Error)]
pub(super) enum WrongScheme {
    #[error("this server is a node of a cluster: connect with redis+cluster://HOST[,HOST…]")]
    ClusterNode,
    #[error("this server is a sentinel: connect with redis+sentinel://HOST[,HOST…]/SERVICE")]
    Sentinel,
}

impl WrongScheme {
    /// Parses the reply to `HELLO`, or to `CLUSTER INFO`, which is an error outside of clusters.
    pub(super) fn of(reply: &Value) -> Option<Self> {
        let mode = match reply {
            Value::Map(pairs) => {
                let is_mode = |text: &Value| is_text(text, "mode");
                let mode = pairs.iter().find(|(name, _)| is_mode(name));
                &mode?.1
            }
            Value::BulkString(info) if info.starts_with(b"cluster_") => {
                return Some(Self::ClusterNode);
            }
            _ => return None,
        };
        match mode {
            mode if is_text(mode, "cluster") => Some(Self::ClusterNode),
            mode if is_text(mode, "sentinel") => Some(Self::Sentinel),
            _ => None,
        }
    }
}

fn is_text(value: &Value, text: &str) -> bool {
    match value {
        Value::BulkString(bytes) => bytes == text.as_bytes(),
        Value::SimpleString(string) => string == text,
        _ => false,
    }
}
