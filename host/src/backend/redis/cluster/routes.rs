//! From a request to the nodes that have its keys, and back to answers in the order of the keys.
//!
//! Nothing is sent again but what a node said it had not executed.

use std::collections::HashMap;
use std::future::pending;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{Pipeline, Value};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::redirect::{Elsewhere, Refusal, refusal};
use super::slot_map::Map;
use super::{Cluster, Core};
use crate::backend::redis::connection::{Connection, all_parts};
use crate::backend::redis::error::unexpected;
use crate::backend::redis::hosts::Host;
use crate::backend::redis::request::{Keyed, Request};
use crate::backend::redis::server::Server;
use crate::backend::{Access, BackendError, FeedEvent, time};

/// How often a key is sent at most.
const TRIES: u32 = 12;

/// How many of these follow each other without a pause, if nodes only send on.
const AT_ONCE: u32 = 3;

/// The first pause; each later one is twice as long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);

/// Nodes sent the commands on and on, or took the cluster to be down.
#[derive(Debug, thiserror::Error)]
#[error("no node of the cluster has taken the command: {0}")]
struct NobodyTook(&'static str);

/// A key on its way.
struct Errand {
    /// Where it stands in the request.
    place: usize,
    to: To,
}

enum To {
    /// Whoever has its slot.
    Owner,
    /// Whom a node has named.
    Named { host: Host, asking: bool },
}

/// What one node is sent.
struct Parcel {
    host: Host,
    server: Arc<Server>,
    /// Each key's commands follow `ASKING`.
    asking: bool,
    places: Vec<usize>,
}

/// What has come back of a request.
struct Returned {
    /// First those for the first key.
    replies: Vec<Value>,
    /// What nodes have refused in this try, and which.
    refused: Vec<(usize, Host, Refusal)>,
    /// A node has executed the commands for a key.
    executed: bool,
    /// The first failure that no other node can make good.
    failed: Option<BackendError>,
}

impl Cluster {
    /// Asks what is requested of each key, and answers the replies: first those for the first key.
    ///
    /// # Errors
    ///
    /// Of the first node that fails; what the others were sent may have been executed, and a write that is in part
    /// is not `Unavailable` but `OutcomeUnknown`. `Unavailable`, too, if a command is refused until the deadline or
    /// too often.
    pub(in crate::backend::redis) async fn ask<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
    ) -> Result<Vec<Value>, BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let request = &request.apart();
        let mut returned = Returned {
            replies: vec![Value::Nil; request.keys.len() * request.replies],
            refused: Vec::new(),
            executed: false,
            failed: None,
        };
        match self.ask_until_taken(request, &mut returned).await {
            Ok(()) => request.complete(returned.replies),
            Err(error) if request.access == Access::Write && returned.executed => {
                Err(error.after_another_part())
            }
            Err(error) => Err(error),
        }
    }

    /// The same, into `returned`.
    async fn ask_until_taken<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
        returned: &mut Returned,
    ) -> Result<(), BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let core = &*self.core;
        let deadline = time::deadline_after(core.deadline);
        let places = 0..request.keys.len();
        let mut errands: Vec<_> = places
            .map(|place| Errand {
                place,
                to: To::Owner,
            })
            .collect();
        let mut tries = 0;
        while !errands.is_empty() {
            let map = core.map(deadline).await?;
            let parcels = core.parcels(&map, request, errands);
            let left = deadline.saturating_duration_since(Instant::now());
            let sent = join_all(parcels.iter().map(|parcel| parcel.send(request, left))).await;
            for error in sent.iter().filter_map(|sent| sent.as_ref().err()) {
                core.doubt_after(error);
            }
            let sent = all_parts(sent, request.access, false)?;
            for (parcel, replies) in parcels.iter().zip(sent) {
                parcel.take(request, replies, returned);
            }
            if let Some(error) = returned.failed.take() {
                return Err(error);
            }
            tries += 1;
            let refused = mem::take(&mut returned.refused);
            errands = core.take_in(request, refused, tries, deadline).await?;
        }
        Ok(())
    }
}

impl Core {
    /// The errands by nodes.
    fn parcels<K: Keyed, F>(
        &self,
        map: &Map,
        request: &Request<'_, K, F>,
        errands: Vec<Errand>,
    ) -> Vec<Parcel> {
        let mut parcels: Vec<Parcel> = Vec::new();
        let mut known: HashMap<(*const Server, bool), usize> = HashMap::new();
        for Errand { place, to } in errands {
            let (host, server, asking) = match to {
                To::Owner => {
                    let owner = map.owner(request.keys[place].key());
                    (owner.host.clone(), Arc::clone(&owner.server), false)
                }
                To::Named { host, asking } => {
                    let server = self.at(map, &host);
                    (host, server, asking)
                }
            };
            let at = *known
                .entry((Arc::as_ptr(&server), asking))
                .or_insert(parcels.len());
            if at == parcels.len() {
                parcels.push(Parcel {
                    host,
                    server,
                    asking,
                    places: Vec::new(),
                });
            }
            parcels[at].places.push(place);
        }
        parcels
    }

    /// Learns from what was refused, and says where it goes next.
    ///
    /// # Errors
    ///
    /// If it has been refused often enough.
    async fn take_in<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
        refused: Vec<(usize, Host, Refusal)>,
        tries: u32,
        deadline: Instant,
    ) -> Result<Vec<Errand>, BackendError> {
        let Some((_, _, last)) = refused.last() else {
            return Ok(Vec::new());
        };
        let nobody = NobodyTook(last.word());
        let mut pause = tries >= AT_ONCE;
        let mut errands = Vec::with_capacity(refused.len());
        let mut in_doubt = false;
        for (place, by, refusal) in refused {
            in_doubt |= matches!(refusal, Refusal::Moved(_) | Refusal::ClusterDown);
            pause |= matches!(refusal, Refusal::TryAgain | Refusal::ClusterDown);
            if let Refusal::Ask(_) = refusal {
                self.keep_not(request.keys[place].key());
            }
            let to = To::after(refusal, &by);
            errands.push(Errand { place, to });
        }
        if in_doubt {
            self.doubt();
        }
        if tries == TRIES {
            return Err(BackendError::Unavailable(Box::new(nobody)));
        }
        if pause {
            let pause = FIRST_PAUSE * 2_u32.saturating_pow(tries - 1);
            let end = Instant::now() + pause.min(LONGEST_PAUSE);
            // It always ends by the time.
            let _ = time::within(&self.handle, end.min(deadline), pending::<()>()).await;
        }
        if Instant::now() >= deadline {
            return Err(BackendError::Unavailable(Box::new(nobody)));
        }
        Ok(errands)
    }

    /// What is answered for a key that is on its way to another node must not be kept: if it does not
    /// arrive, nobody tells of that.
    fn keep_not(&self, key: &[u8]) {
        if let (Some(tracking), Ok(key)) = (&self.tracking, str::from_utf8(key)) {
            tracking.ear.tell(FeedEvent::Key(key));
        }
    }

    /// A node that cannot be reached, or does not answer, may have been replaced.
    fn doubt_after(&self, error: &BackendError) {
        if error.is_outage() {
            self.doubt();
        }
    }
}

impl To {
    fn after(refusal: Refusal, by: &Host) -> Self {
        let named = |Elsewhere { name, port }, asking| Self::Named {
            host: Host {
                name: name.unwrap_or_else(|| by.name.clone()),
                port,
            },
            asking,
        };
        match refusal {
            Refusal::Moved(elsewhere) => named(elsewhere, false),
            Refusal::Ask(elsewhere) => named(elsewhere, true),
            Refusal::TryAgain | Refusal::ClusterDown => Self::Owner,
        }
    }
}

impl Parcel {
    /// Sends it, each round trip within `left`.
    async fn send<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
        left: Duration,
    ) -> Result<Vec<Vec<Value>>, BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let connection = Connection {
            deadline: left,
            ..self.server.connection.clone()
        };
        let parts = request.parts(&self.places).into_iter();
        let pipelines = parts.map(|part| request.pipeline_after(part, self.asking));
        connection
            .send_all(pipelines.collect(), request.access)
            .await
    }

    /// Puts the replies where they belong, and what was refused with the host that did so.
    fn take<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
        replies: Vec<Vec<Value>>,
        returned: &mut Returned,
    ) where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let mut replies = replies.into_iter().flatten();
        let asking = usize::from(self.asking);
        for place in &self.places {
            let of_one = replies.by_ref().take(asking + request.raw_replies());
            let of_one: Vec<Value> = of_one.skip(asking).collect();
            let is_complete = of_one.len() == request.raw_replies();
            if let Some(refusal) = refusal(&of_one).filter(|_| is_complete) {
                returned.refused.push((*place, self.host.clone(), refusal));
                continue;
            }
            let places = &mut returned.replies[place * request.replies..][..request.replies];
            match request.unwrapped(of_one) {
                Ok(unwrapped) if unwrapped.len() == places.len() && is_complete => {
                    let is_error = |reply: &Value| matches!(reply, Value::ServerError(_));
                    returned.executed |= !unwrapped.iter().all(is_error);
                    for (place, reply) in places.iter_mut().zip(unwrapped) {
                        *place = reply;
                    }
                }
                Ok(_) => {
                    returned.failed.get_or_insert_with(unexpected);
                }
                Err(error) => {
                    returned.failed.get_or_insert(error);
                }
            }
        }
    }
}
