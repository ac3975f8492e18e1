//! Whether a master still is the one that the sentinels name.

use std::sync::Arc;

use ::redis::ConnectionAddr;

use super::Sentinels;
use super::link::{Link, Word};
use crate::backend::describe;
use crate::backend::redis::address::shown;

/// Hears a sentinel from the moment at which it named the master.
pub(in crate::backend::redis) struct Lookout {
    sentinels: Arc<Sentinels>,
    /// The sentinel that is heard.
    link: Option<Link>,
    master: ConnectionAddr,
}

impl Lookout {
    pub(super) fn new(sentinels: Arc<Sentinels>, link: Link, master: ConnectionAddr) -> Self {
        Self {
            sentinels,
            link: Some(link),
            master,
        }
    }

    /// Waits until a sentinel says that the master has changed. May be dropped and called again.
    ///
    /// A sentinel that is lost is replaced by the next that answers. While none does, the master is taken
    /// to be the same: who hears no sentinel knows as much as with the address of a server.
    pub(in crate::backend::redis) async fn moved(&mut self) {
        let Sentinels { address, every, .. } = &*self.sentinels;
        let service = &*address.service;
        let mut is_alone = false;
        loop {
            let named = match &mut self.link {
                Some(link) => match link.next(service, *every).await {
                    Word::At(master) => master,
                    Word::Switched => break,
                    Word::Lost => {
                        self.link = None;
                        self.sentinels.doubt();
                        continue;
                    }
                },
                None => match self.sentinels.ask(*every).await {
                    Ok((link, master)) => {
                        self.link = Some(link);
                        is_alone = false;
                        master
                    }
                    Err(failure) => {
                        if !std::mem::replace(&mut is_alone, true) {
                            let error = describe(&failure);
                            tracing::warn!(service, error, "no sentinel answers; asking on");
                        }
                        tokio::time::sleep(*every).await;
                        continue;
                    }
                },
            };
            if named != self.master {
                break;
            }
        }
        let master = shown(&self.master);
        tracing::info!(service, master, "this is not the master any more");
    }
}
