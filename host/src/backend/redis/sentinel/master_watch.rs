//! Whether a master still is the one that the sentinels name.

use std::sync::Arc;
use std::time::Instant;

use super::Sentinels;
use super::connection::{Link, Word};
use crate::backend::describe;
use crate::backend::redis::hosts::Host;

/// Hears a sentinel from the moment at which it named the master.
pub(in crate::backend::redis) struct Lookout {
    sentinels: Arc<Sentinels>,
    master: Host,
    /// The sentinel that is heard.
    link: Option<Link>,
    /// Since when there is a link, or was one.
    since: Instant,
    /// No sentinel answers, and that has been said.
    is_alone: bool,
}

impl Lookout {
    pub(super) fn new(sentinels: Arc<Sentinels>, link: Link, master: Host) -> Self {
        Self {
            sentinels,
            master,
            link: Some(link),
            since: Instant::now(),
            is_alone: false,
        }
    }

    /// Waits until a sentinel says that the master has changed. May be dropped and called again.
    ///
    /// A sentinel that is lost is replaced by the next that answers. While none does, the master is taken
    /// to be the same: who hears no sentinel knows as much as with the address of a server.
    pub(in crate::backend::redis) async fn moved(&mut self) {
        loop {
            match self.next().await {
                Word::At(master) if master == self.master => {}
                Word::At(_) | Word::Switched => break,
                Word::Lost => self.pause().await,
            }
        }
        let service = &*self.sentinels.address.service;
        let master = self.master.to_string();
        tracing::info!(service, master, "this is not the master any more");
    }

    /// What the sentinel says next that is heard, or the first other that answers.
    async fn next(&mut self) -> Word {
        let Sentinels { address, every, .. } = &*self.sentinels;
        let service = &*address.service;
        if let Some(link) = &mut self.link {
            let word = link.next(service, *every).await;
            if matches!(word, Word::Lost) {
                self.link = None;
                self.sentinels.doubt();
            }
            return word;
        }
        match self.sentinels.ask(*every).await {
            Ok((link, master)) => {
                self.link = Some(link);
                self.since = Instant::now();
                self.is_alone = false;
                Word::At(master)
            }
            Err(failure) => {
                if !std::mem::replace(&mut self.is_alone, true) {
                    let error = describe(&failure);
                    tracing::warn!(service, error, "no sentinel answers; asking on");
                }
                Word::Lost
            }
        }
    }

    /// Sentinels that hang up, or are not there, are not to be called all the time; a single loss is made
    /// good at once.
    async fn pause(&self) {
        let every = self.sentinels.every;
        if self.is_alone || self.since.elapsed() < every {
            tokio::time::sleep(every).await;
        }
    }
}
