//! Where the keeper connects: to a server, or to the master that sentinels name when they are asked.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::{ConnectionInfo, Pipeline, RedisError};
use tokio::time::Instant;

use super::address::shown;
use super::connection::Failure;
use super::sentinel::{Lookout, SentinelAddress, Sentinels};
use super::tls;
use super::tracking::is_master;

/// Where to connect, which is asked anew at each attempt.
pub(super) enum Place {
    Server(Box<Site>),
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

impl Place {
    /// A server that is always at the same place.
    pub(super) fn server(info: ConnectionInfo, shown: Arc<str>) -> Self {
        tls::provide_cryptography(&info);
        Self::Server(Box::new(Site { info, shown }))
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
            Self::Server(site) => Ok((Site::clone(site), None)),
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
        end: Instant,
    ) -> Result<(), RedisError> {
        if let Self::Server(_) = self {
            return Ok(());
        }
        let mut pipeline = Pipeline::new();
        pipeline.cmd("ROLE");
        let replies = connection.send_packed_commands(&pipeline, 0, 1);
        let replies = tokio::time::timeout_at(end, replies).await;
        let replies = replies.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        match is_master(&replies) {
            true => Ok(()),
            false => Err(io::Error::other(NoMaster).into()),
        }
    }

    /// No connection was made to what was found last.
    pub(super) fn led_nowhere(&self) {
        if let Self::Master(sentinels) = self {
            sentinels.doubt();
        }
    }
}
