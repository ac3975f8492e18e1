//! Sends the commands of a request to the nodes that own the keys, and puts the replies in the
//! order of the keys.
//!
//! Only commands that a node has refused to execute are sent again.

use std::collections::HashMap;
use std::future::pending;
use std::mem;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{Pipeline, Value};
use futures_util::future::join_all;
use tokio::time::Instant;

use super::redirect::{NodeAddr, Redirect, redirect};
use super::slot_map::SlotMap;
use super::{Cluster, Core};
use crate::backend::redis::connection::{Connection, all_parts};
use crate::backend::redis::error::unexpected;
use crate::backend::redis::hosts::Host;
use crate::backend::redis::request::{Keyed, Request};
use crate::backend::redis::server::Server;
use crate::backend::{Access, BackendError, FeedEvent, time};

/// How often a key's commands are sent at most.
const MAX_ATTEMPTS: u32 = 12;

/// How many attempts follow each other without a pause, if nodes only redirect.
const ATTEMPTS_WITHOUT_PAUSE: u32 = 3;

/// The first pause; it doubles with each further attempt.
const MIN_BACKOFF: Duration = Duration::from_millis(5);

/// The longest pause.
const MAX_BACKOFF: Duration = Duration::from_millis(200);

/// Nodes kept redirecting the commands, or considered the cluster down.
#[derive(Debug, thiserror::Error)]
#[error("no node of the cluster executed the command: {0}")]
struct NotExecuted(&'static str);

/// Where the commands of a key are sent.
struct KeyRoute {
    /// The index of the key in the request.
    index: usize,
    to: Target,
}

enum Target {
    /// The owner of its slot.
    Owner,
    /// The node that a redirection has named.
    Named { host: Host, asking: bool },
}

/// The keys whose commands are sent to one node.
struct NodeBatch {
    host: Host,
    server: Arc<Server>,
    /// Whether each key's commands follow `ASKING`.
    asking: bool,
    indices: Vec<usize>,
}

/// The replies to a request so far.
struct Progress {
    /// Those for the first key come first.
    replies: Vec<Value>,
    /// The redirections of this attempt, with the keys and the nodes that sent them.
    refused: Vec<(usize, Host, Redirect)>,
    /// Whether a node has executed the commands for a key.
    executed: bool,
    /// The first error that is no redirection.
    failed: Option<BackendError>,
}

impl Cluster {
    /// Executes a request and returns the replies, those for the first key first.
    ///
    /// # Errors
    ///
    /// Those of the first node that fails. Other nodes may have executed their part; for a write,
    /// `Unavailable` then becomes `OutcomeUnknown`. `Unavailable` also if a command is refused
    /// until the deadline or too often.
    pub(in crate::backend::redis) async fn execute<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
    ) -> Result<Vec<Value>, BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let request = &request.per_key();
        let mut progress = Progress {
            replies: vec![Value::Nil; request.keys.len() * request.replies],
            refused: Vec::new(),
            executed: false,
            failed: None,
        };
        match self.execute_until_done(request, &mut progress).await {
            Ok(()) => request.complete(progress.replies),
            Err(error) => {
                let happened = request.access == Access::Write && progress.executed;
                Err(error.after_another_part(happened))
            }
        }
    }

    /// As [`execute`](Self::execute), into `progress`.
    async fn execute_until_done<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
        progress: &mut Progress,
    ) -> Result<(), BackendError>
    where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let core = &*self.core;
        let deadline = time::deadline_after(core.deadline);
        let indices = 0..request.keys.len();
        let mut routes: Vec<_> = indices
            .map(|index| KeyRoute {
                index,
                to: Target::Owner,
            })
            .collect();
        let mut attempts = 0;
        while !routes.is_empty() {
            let map = core.slot_map(deadline).await?;
            let batches = core.batches(&map, request, routes);
            let left = deadline.saturating_duration_since(Instant::now());
            let sent = join_all(batches.iter().map(|batch| batch.send(request, left))).await;
            for error in sent.iter().filter_map(|sent| sent.as_ref().err()) {
                core.invalidate_after(error);
            }
            let sent = all_parts(sent, request.access, false)?;
            for (batch, replies) in batches.iter().zip(sent) {
                batch.take(request, replies, progress);
            }
            if let Some(error) = progress.failed.take() {
                return Err(error);
            }
            attempts += 1;
            let refused = mem::take(&mut progress.refused);
            routes = core.reroute(request, refused, attempts, deadline).await?;
        }
        Ok(())
    }
}

impl Core {
    /// Groups the routes by node.
    fn batches<K: Keyed, F>(
        &self,
        map: &SlotMap,
        request: &Request<'_, K, F>,
        routes: Vec<KeyRoute>,
    ) -> Vec<NodeBatch> {
        let mut batches: Vec<NodeBatch> = Vec::new();
        let mut known: HashMap<(*const Server, bool), usize> = HashMap::new();
        for KeyRoute { index, to } in routes {
            let (host, server, asking) = match to {
                Target::Owner => {
                    let owner = map.owner(request.keys[index].key());
                    (owner.host.clone(), Arc::clone(&owner.server), false)
                }
                Target::Named { host, asking } => {
                    let server = self.at(map, &host);
                    (host, server, asking)
                }
            };
            let at = *known
                .entry((Arc::as_ptr(&server), asking))
                .or_insert(batches.len());
            if at == batches.len() {
                batches.push(NodeBatch {
                    host,
                    server,
                    asking,
                    indices: Vec::new(),
                });
            }
            batches[at].indices.push(index);
        }
        batches
    }

    /// Processes the redirections and returns the next routes.
    ///
    /// # Errors
    ///
    /// If there have been too many attempts, or the deadline has passed.
    async fn reroute<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
        refused: Vec<(usize, Host, Redirect)>,
        attempts: u32,
        deadline: Instant,
    ) -> Result<Vec<KeyRoute>, BackendError> {
        let Some((_, _, last)) = refused.last() else {
            return Ok(Vec::new());
        };
        let error = NotExecuted(last.code());
        let mut pause = attempts >= ATTEMPTS_WITHOUT_PAUSE;
        let mut routes = Vec::with_capacity(refused.len());
        let mut is_outdated = false;
        for (index, by, redirect) in refused {
            is_outdated |= matches!(redirect, Redirect::Moved(_) | Redirect::ClusterDown);
            pause |= matches!(redirect, Redirect::TryAgain | Redirect::ClusterDown);
            if let Redirect::Ask(_) = redirect {
                self.publish_key(request.keys[index].key());
            }
            let to = Target::after(redirect, &by);
            routes.push(KeyRoute { index, to });
        }
        if is_outdated {
            self.invalidate_topology();
        }
        if attempts == MAX_ATTEMPTS {
            return Err(BackendError::Unavailable(Box::new(error)));
        }
        if pause {
            let pause = MIN_BACKOFF * 2_u32.saturating_pow(attempts - 1);
            let end = Instant::now() + pause.min(MAX_BACKOFF);
            // Always ends by the timeout.
            let _ = time::within(&self.handle, end.min(deadline), pending::<()>()).await;
        }
        if Instant::now() >= deadline {
            return Err(BackendError::Unavailable(Box::new(error)));
        }
        Ok(routes)
    }

    /// Publishes a key that is being migrated, so that its value is not cached: if the key is lost
    /// on the way, no node publishes that.
    fn publish_key(&self, key: &[u8]) {
        if let (Some(tracking), Ok(key)) = (&self.tracking, str::from_utf8(key)) {
            tracking.health.publish(FeedEvent::Key(key));
        }
    }

    /// A node that cannot be reached or times out may have been replaced.
    fn invalidate_after(&self, error: &BackendError) {
        if error.is_outage() {
            self.invalidate_topology();
        }
    }
}

impl Target {
    fn after(redirect: Redirect, by: &Host) -> Self {
        let named = |NodeAddr { name, port }, asking| Target::Named {
            host: Host {
                name: name.unwrap_or_else(|| by.name.clone()),
                port,
            },
            asking,
        };
        match redirect {
            Redirect::Moved(addr) => named(addr, false),
            Redirect::Ask(addr) => named(addr, true),
            Redirect::TryAgain | Redirect::ClusterDown => Self::Owner,
        }
    }
}

impl NodeBatch {
    /// Sends the batch, each round trip within `left`.
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
        let parts = request.parts(&self.indices).into_iter();
        let pipelines = parts.map(|part| request.pipeline_after(part, self.asking));
        connection
            .send_all(pipelines.collect(), request.access)
            .await
    }

    /// Stores the replies, and the redirections with the host that sent them.
    fn take<K: Keyed, F>(
        &self,
        request: &Request<'_, K, F>,
        replies: Vec<Vec<Value>>,
        progress: &mut Progress,
    ) where
        F: Fn(&mut Pipeline, &K) + Sync,
    {
        let mut replies = replies.into_iter().flatten();
        let asking = usize::from(self.asking);
        for index in &self.indices {
            let of_one = replies.by_ref().take(asking + request.raw_replies());
            let of_one: Vec<Value> = of_one.skip(asking).collect();
            let is_complete = of_one.len() == request.raw_replies();
            if let Some(redirect) = redirect(&of_one).filter(|_| is_complete) {
                progress.refused.push((*index, self.host.clone(), redirect));
                continue;
            }
            let indices = &mut progress.replies[index * request.replies..][..request.replies];
            match request.unwrapped(of_one) {
                Ok(unwrapped) if unwrapped.len() == indices.len() && is_complete => {
                    let is_error = |reply: &Value| matches!(reply, Value::ServerError(_));
                    progress.executed |= !unwrapped.iter().all(is_error);
                    for (index, reply) in indices.iter_mut().zip(unwrapped) {
                        *index = reply;
                    }
                }
                Ok(_) => {
                    progress.failed.get_or_insert_with(unexpected);
                }
                Err(error) => {
                    progress.failed.get_or_insert(error);
                }
            }
        }
    }
}
