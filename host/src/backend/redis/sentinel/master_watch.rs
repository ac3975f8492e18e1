//! Watches whether a master still is the one that the sentinels name.

use std::sync::Arc;
use std::time::Instant;

use super::Sentinels;
use super::connection::{SentinelConnection, SentinelEvent};
use crate::backend::describe;
use crate::backend::redis::hosts::Host;

/// Follows a sentinel from the moment at which it named the master.
pub(in crate::backend::redis) struct MasterWatch {
    sentinels: Arc<Sentinels>,
    master: Host,
    /// The sentinel that is followed.
    connection: Option<SentinelConnection>,
    /// When the latest connection was made.
    since: Instant,
    /// No sentinel can be reached, and that has been logged.
    is_unreachable: bool,
}

impl MasterWatch {
    pub(super) fn new(
        sentinels: Arc<Sentinels>,
        connection: SentinelConnection,
        master: Host,
    ) -> Self {
        Self {
            sentinels,
            master,
            connection: Some(connection),
            since: Instant::now(),
            is_unreachable: false,
        }
    }

    /// Waits until a sentinel reports that the master has changed. May be dropped and called again.
    ///
    /// A lost sentinel is replaced by the next one that replies. While none does, the master counts
    /// as unchanged, as with the URL of a single server.
    pub(in crate::backend::redis) async fn changed(&mut self) {
        loop {
            match self.next().await {
                SentinelEvent::MasterAt(master) if master == self.master => {}
                SentinelEvent::MasterAt(_) | SentinelEvent::Switched => break,
                SentinelEvent::Lost => self.pause().await,
            }
        }
        let service = &*self.sentinels.address.service;
        let master = self.master.to_string();
        tracing::info!(service, master, "the sentinels name another master");
    }

    /// Returns the next event of the followed sentinel, or of the first other one that replies.
    async fn next(&mut self) -> SentinelEvent {
        let Sentinels {
            address, interval, ..
        } = &*self.sentinels;
        let service = &*address.service;
        if let Some(connection) = &mut self.connection {
            let event = connection.next(service, *interval).await;
            if matches!(event, SentinelEvent::Lost) {
                self.connection = None;
                self.sentinels.skip_first();
            }
            return event;
        }
        match self.sentinels.find_master(*interval).await {
            Ok((connection, master)) => {
                self.connection = Some(connection);
                self.since = Instant::now();
                self.is_unreachable = false;
                SentinelEvent::MasterAt(master)
            }
            Err(failure) => {
                if !std::mem::replace(&mut self.is_unreachable, true) {
                    let error = describe(&failure);
                    tracing::warn!(service, error, "no sentinel replies; retrying");
                }
                SentinelEvent::Lost
            }
        }
    }

    /// Pauses if sentinels cannot be reached or keep closing connections. A single loss is repaired
    /// at once.
    async fn pause(&self) {
        let interval = self.sentinels.interval;
        if self.is_unreachable || self.since.elapsed() < interval {
            tokio::time::sleep(interval).await;
        }
    }
}
