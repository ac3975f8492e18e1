//! Where the supervisor connects: to a server, or to the master that sentinels name when they are
//! asked.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionInfo, Pipeline, ProtocolVersion, RedisError};
use tokio::time::Instant;

use super::dial;
use super::failure::Failure;
use super::role::{Role, role};
use super::sentinel::{MasterWatch, SentinelAddress, Sentinels};
use super::server_url::shown;
use super::tls;
use super::wrong_scheme::WrongScheme;

/// Finds the endpoint of each attempt to connect.
pub(super) enum Resolver {
    Server(Box<Endpoint>),
    /// A node of a cluster.
    Node(Box<Endpoint>),
    Master(Arc<Sentinels>),
}

/// Where one attempt connects.
#[derive(Clone)]
pub(super) struct Endpoint {
    pub(super) info: ConnectionInfo,
    /// For errors, without the password.
    pub(super) shown: Arc<str>,
}

/// The server may be about to become the master, or may have been it until now.
#[derive(Debug, thiserror::Error)]
#[error("the sentinel named this server as the master, but its ROLE is not master")]
struct NotMaster;

impl Resolver {
    /// Returns a resolver for a server whose address is fixed.
    pub(super) fn server(info: ConnectionInfo, shown: Arc<str>) -> Self {
        tls::provide_cryptography(&info);
        Self::Server(Box::new(Endpoint { info, shown }))
    }

    /// Returns a resolver for a node of a cluster, whose address is fixed.
    pub(super) fn node(info: ConnectionInfo, shown: Arc<str>) -> Self {
        Self::Node(Box::new(Endpoint { info, shown }))
    }

    /// Returns a resolver for the master that sentinels name.
    pub(super) fn master(address: SentinelAddress, staleness_bound: Duration) -> Self {
        Self::Master(Arc::new(Sentinels::new(address, staleness_bound)))
    }

    /// Returns where to connect now, and for a master the watch that reports another one.
    ///
    /// # Errors
    ///
    /// If no sentinel names the master within `time`.
    pub(super) async fn resolve(
        &self,
        time: Duration,
    ) -> Result<(Endpoint, Option<MasterWatch>), Failure> {
        match self {
            Self::Server(endpoint) | Self::Node(endpoint) => Ok((Endpoint::clone(endpoint), None)),
            Self::Master(sentinels) => {
                let (info, master_watch) = sentinels.find(time).await?;
                let shown = format!("the master {}", shown(info.addr())).into();
                Ok((Endpoint { info, shown }, Some(master_watch)))
            }
        }
    }

    /// Checks that the server is of the expected kind.
    ///
    /// # Errors
    ///
    /// If it is not, or does not reply by `end`.
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
            // The reply gives the server's mode to every user; redis-rs has sent `HELLO`
            // successfully before.
            (Self::Server(_), _) => pipeline.cmd("HELLO").arg(3),
        };
        let replies = connection.send_packed_commands(&pipeline, 0, 1);
        let replies = dial::until(end, replies).await?;
        match (self, role(&replies)) {
            (Self::Master(_), Role::Master) => Ok(()),
            (Self::Master(_), Role::Unknown(error)) => Err(error.into()),
            (Self::Master(_), Role::Replica) => Err(io::Error::other(NotMaster).into()),
            _ => match replies.first().and_then(WrongScheme::of) {
                None => Ok(()),
                Some(other) => Err(io::Error::new(io::ErrorKind::Unsupported, other).into()),
            },
        }
    }

    /// Reports that no connection was made to the last endpoint.
    pub(super) fn report_failure(&self) {
        if let Self::Master(sentinels) = self {
            sentinels.skip_first();
        }
    }
}
