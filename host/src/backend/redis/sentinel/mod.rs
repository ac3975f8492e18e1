//! The master that sentinels name, and whether it still is the master.
//!
//! A master that was paused and continues reports itself as master in `ROLE` until a sentinel
//! demotes it, which takes about ten seconds:
//! <https://redis.io/docs/latest/develop/reference/sentinel-clients/>. A [`MasterWatch`] therefore
//! follows a sentinel as long as the connection to the master exists.
//!
//! It deliberately does not do this: decide between sentinels that disagree (the first that replies
//! is believed, and followed from then on), discover more sentinels than the URL names, give up a
//! master because no sentinel replies, or read from replicas. TLS is used for both sentinels and
//! master, or for neither.

mod address;
mod connection;
mod master_watch;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::redis::{ConnectionInfo, RedisError};
use tokio::time::Instant;

pub(super) use self::address::SentinelAddress;
pub use self::address::SentinelUrlError;
use self::connection::SentinelConnection;
pub(super) use self::master_watch::MasterWatch;
use super::failure::Failure;
use super::hosts::Host;
use super::tls;
use crate::backend::time;

/// The longest interval between questions for the master.
const MAX_INTERVAL: Duration = Duration::from_secs(1);

/// The shortest interval.
const MIN_INTERVAL: Duration = Duration::from_millis(10);

/// The sentinels of one service.
pub(super) struct Sentinels {
    address: SentinelAddress,
    /// The index of the sentinel that is asked first.
    first: AtomicUsize,
    /// How often a sentinel without messages is asked, and how long its reply may take then.
    interval: Duration,
}

impl Sentinels {
    pub(super) fn new(address: SentinelAddress, staleness_bound: Duration) -> Self {
        tls::provide_cryptography(&address.to_master);
        Self {
            address,
            first: AtomicUsize::new(0),
            interval: (staleness_bound / 2).clamp(MIN_INTERVAL, MAX_INTERVAL),
        }
    }

    /// Asks one sentinel after the other for the master, for at most `time`.
    ///
    /// # Errors
    ///
    /// If none names it.
    pub(super) async fn find(
        self: &Arc<Self>,
        time: Duration,
    ) -> Result<(ConnectionInfo, MasterWatch), Failure> {
        let count = u32::try_from(self.address.sentinels.len()).unwrap_or(u32::MAX);
        let (connection, master) = self.find_master(time / count).await?;
        let info = master.reached_by(&self.address.to_master);
        Ok((info, MasterWatch::new(Arc::clone(self), connection, master)))
    }

    /// Makes the next attempt begin with the next sentinel, as the address from this one did not
    /// work.
    pub(super) fn skip_first(&self) {
        self.first.fetch_add(1, Ordering::Relaxed);
    }

    async fn find_master(
        &self,
        time_each: Duration,
    ) -> Result<(SentinelConnection, Host), Failure> {
        let all = &self.address.sentinels;
        let first = self.first.load(Ordering::Relaxed);
        let mut worst = None;
        for index in (0..all.len()).map(|more| first.wrapping_add(more) % all.len()) {
            let end = time::deadline_after(time_each);
            let asked = tokio::time::timeout_at(end, self.ask(&all[index], end)).await;
            let failure = match asked {
                Ok(Ok(found)) => {
                    self.first.store(index, Ordering::Relaxed);
                    return Ok(found);
                }
                Ok(Err(failure)) => failure,
                Err(_) => refused(&all[index], io::Error::from(io::ErrorKind::TimedOut)),
            };
            tracing::debug!(%failure, "a sentinel does not name the master");
            // The error of a reachable sentinel that does not know the service says more than an
            // unreachable one.
            let says_more = |known: &Failure| known.is_unreachable() && !failure.is_unreachable();
            if worst.as_ref().is_none_or(says_more) {
                worst = Some(failure);
            }
        }
        Err(worst.unwrap_or(Failure::Lost))
    }

    async fn ask(
        &self,
        sentinel: &Host,
        end: Instant,
    ) -> Result<(SentinelConnection, Host), Failure> {
        let service = &self.address.service;
        let info = sentinel.reached_by(&self.address.to_sentinel);
        let query = async {
            let mut connection = SentinelConnection::open(&info, service, end).await?;
            let master = connection.master(service).await?;
            Ok((connection, master))
        };
        match query
            .await
            .map_err(|error: RedisError| refused(sentinel, error))?
        {
            (connection, Some(master)) => Ok((connection, master)),
            (_, None) => Err(Failure::UnknownService {
                sentinel: sentinel.to_string().into(),
                service: service.as_str().into(),
            }),
        }
    }
}

fn refused(sentinel: &Host, source: impl Into<RedisError>) -> Failure {
    Failure::Refused {
        address: format!("the sentinel {sentinel}").into(),
        source: source.into(),
    }
}
