//! The master that sentinels name, and whether it still is.
//!
//! A master that was paused and goes on takes itself for one, and answers `ROLE` as one, until a sentinel
//! demotes it, which takes about ten seconds: <https://redis.io/docs/latest/develop/reference/sentinel-clients/>.
//! So as long as there is a connection to a master, a [`Lookout`] hears a sentinel.
//!
//! What it deliberately does not do: decide between sentinels that disagree (the one that answers first is
//! believed, and heard from then on), find more sentinels than the URL names, give up a master because no
//! sentinel answers, or read from replicas. Over TLS, sentinels and master are spoken to alike.

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
use self::connection::Link;
pub(super) use self::master_watch::Lookout;
use super::connection::Failure;
use super::hosts::Host;
use super::tls;
use crate::backend::time;

/// The longest a sentinel is not asked whether the master is where it was.
const ASK_AFTER: Duration = Duration::from_secs(1);

/// The shortest.
const ASK_NOT_BEFORE: Duration = Duration::from_millis(10);

/// The sentinels of one service.
pub(super) struct Sentinels {
    address: SentinelAddress,
    /// The one that is asked first.
    first: AtomicUsize,
    /// How often one that has nothing to tell is asked, and how long it may take to answer then.
    every: Duration,
}

impl Sentinels {
    pub(super) fn new(address: SentinelAddress, staleness_bound: Duration) -> Self {
        tls::provide_cryptography(&address.to_master);
        Self {
            address,
            first: AtomicUsize::new(0),
            every: (staleness_bound / 2).clamp(ASK_NOT_BEFORE, ASK_AFTER),
        }
    }

    /// Asks one after the other, until one says where the master is, for no longer than `time`.
    ///
    /// # Errors
    ///
    /// If none says so.
    pub(super) async fn find(
        self: &Arc<Self>,
        time: Duration,
    ) -> Result<(ConnectionInfo, Lookout), Failure> {
        let count = u32::try_from(self.address.sentinels.len()).unwrap_or(u32::MAX);
        let (link, master) = self.ask(time / count).await?;
        let info = master.reached_by(&self.address.to_master);
        Ok((info, Lookout::new(Arc::clone(self), link, master)))
    }

    /// The next attempt begins with the next sentinel: what this one said has led nowhere.
    pub(super) fn doubt(&self) {
        self.first.fetch_add(1, Ordering::Relaxed);
    }

    async fn ask(&self, time_each: Duration) -> Result<(Link, Host), Failure> {
        let all = &self.address.sentinels;
        let first = self.first.load(Ordering::Relaxed);
        let mut why = None;
        for place in (0..all.len()).map(|more| first.wrapping_add(more) % all.len()) {
            let end = time::deadline_after(time_each);
            let asked = tokio::time::timeout_at(end, self.ask_one(&all[place], end)).await;
            let failure = match asked {
                Ok(Ok(found)) => {
                    self.first.store(place, Ordering::Relaxed);
                    return Ok(found);
                }
                Ok(Err(failure)) => failure,
                Err(_) => refused(&all[place], io::Error::from(io::ErrorKind::TimedOut)),
            };
            tracing::debug!(%failure, "a sentinel does not say where the master is");
            // One that is there and does not know has more to say than one that is not there.
            let says_more = |known: &Failure| known.is_unreachable() && !failure.is_unreachable();
            if why.as_ref().is_none_or(says_more) {
                why = Some(failure);
            }
        }
        Err(why.unwrap_or(Failure::Lost))
    }

    async fn ask_one(&self, sentinel: &Host, end: Instant) -> Result<(Link, Host), Failure> {
        let service = &self.address.service;
        let info = sentinel.reached_by(&self.address.to_sentinel);
        let answer = async {
            let mut link = Link::open(&info, service, end).await?;
            let master = link.master(service).await?;
            Ok((link, master))
        };
        match answer
            .await
            .map_err(|error: RedisError| refused(sentinel, error))?
        {
            (link, Some(master)) => Ok((link, master)),
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
