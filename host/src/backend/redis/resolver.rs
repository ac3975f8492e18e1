//! Where the keeper connects: to a server, or to the master that sentinels name when they are asked.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionInfo, Pipeline, ProtocolVersion, RedisError, Value};
use tokio::time::Instant;

use super::address::shown;
use super::connection::Failure;
use super::dial;
use super::role::{Role, role};
use super::sentinel::{Lookout, SentinelAddress, Sentinels};
use super::tls;

/// Where to connect, which is asked anew at each attempt.
pub(super) enum Place {
    Server(Box<Site>),
    /// A node of a cluster.
    Node(Box<Site>),
    Master(Arc<Sentinels>),
}

/// Where one attempt connects.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) info: ConnectionInfo,
    /// For errors: without the password.
    pub(super) shown: Arc<str>,
}

/// It may be about to become one, or have been one until now.
#[derive(Debug, thiserror::Error)]
#[error("a sentinel names it as the master, and it says that it is none")]
struct NoMaster;

/// A server that needs another kind of URL than a plain one: it would execute only some of the commands.
#[derive(Debug, thiserror::Error)]
pub(super) enum Other {
    #[error("this server is a node of a cluster: connect with redis+cluster://HOST[,HOST…]")]
    ClusterNode,
    #[error("this server is a sentinel: connect with redis+sentinel://HOST[,HOST…]/SERVICE")]
    Sentinel,
}

impl Other {
    /// From the reply to `HELLO`, or to `CLUSTER INFO`, which is an error outside of clusters.
    fn of(reply: &Value) -> Option<Self> {
        let mode = match reply {
            Value::Map(pairs) => {
                let is_mode = |text: &Value| is(text, "mode");
                let mode = pairs.iter().find(|(name, _)| is_mode(name));
                &mode?.1
            }
            Value::BulkString(info) if info.starts_with(b"cluster_") => {
                return Some(Self::ClusterNode);
            }
            _ => return None,
        };
        match mode {
            mode if is(mode, "cluster") => Some(Self::ClusterNode),
            mode if is(mode, "sentinel") => Some(Self::Sentinel),
            _ => None,
        }
    }
}

fn is(value: &Value, text: &str) -> bool {
    match value {
        Value::BulkString(bytes) => bytes == text.as_bytes(),
        Value::SimpleString(string) => string == text,
        _ => false,
    }
}

impl Place {
    /// A server that is always at the same place.
    pub(super) fn server(info: ConnectionInfo, shown: Arc<str>) -> Self {
        tls::provide_cryptography(&info);
        Self::Server(Box::new(Site { info, shown }))
    }

    /// A node of a cluster, which is always at the same place.
    pub(super) fn node(info: ConnectionInfo, shown: Arc<str>) -> Self {
        Self::Node(Box::new(Site { info, shown }))
    }

    /// The master that sentinels name.
    pub(super) fn master(address: SentinelAddress, staleness_bound: Duration) -> Self {
        Self::Master(Arc::new(Sentinels::new(address, staleness_bound)))
    }

    /// Where to connect now, and who tells when that is not the place any more; nobody, if it always is.
    ///
    /// # Errors
    ///
    /// If nobody says it within `time`.
    pub(super) async fn find(&self, time: Duration) -> Result<(Site, Option<Lookout>), Failure> {
        match self {
            Self::Server(site) | Self::Node(site) => Ok((Site::clone(site), None)),
            Self::Master(sentinels) => {
                let (info, lookout) = sentinels.find(time).await?;
                let shown = format!("the master {}", shown(info.addr())).into();
                Ok((Site { info, shown }, Some(lookout)))
            }
        }
    }

    /// Makes sure that who was found is who was sought.
    ///
    /// # Errors
    ///
    /// If it is not, or does not say by `end`.
    pub(super) async fn verify(
        &self,
        connection: &mut MultiplexedConnection,
        protocol: ProtocolVersion,
        end: Instant,
    ) -> Result<(), RedisError> {
        let mut pipeline = Pipeline::new();
        match (self, protocol) {
            (Self::Node(_), _) => return Ok(()),
            (Self::Master(_), _) => pipeline.cmd("ROLE"),
            (Self::Server(_), ProtocolVersion::RESP2) => pipeline.cmd("CLUSTER").arg("INFO"),
            // Its reply says what the server is, to every user; it has been understood before.
            (Self::Server(_), _) => pipeline.cmd("HELLO").arg(3),
        };
        let replies = connection.send_packed_commands(&pipeline, 0, 1);
        let replies = dial::until(end, replies).await?;
        match (self, role(&replies)) {
            (Self::Master(_), Role::Master) => Ok(()),
            (Self::Master(_), Role::Unknown(error)) => Err(error.into()),
            (Self::Master(_), Role::Replica) => Err(io::Error::other(NoMaster).into()),
            _ => match replies.first().and_then(Other::of) {
                None => Ok(()),
                Some(other) => Err(io::Error::new(io::ErrorKind::Unsupported, other).into()),
            },
        }
    }

    /// No connection was made to what was found last.
    pub(super) fn led_nowhere(&self) {
        if let Self::Master(sentinels) = self {
            sentinels.doubt();
        }
    }
}
