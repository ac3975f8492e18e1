//! The task that fetches the topology: at first, and whenever it may have changed.
//!
//! A settled topology is not fetched: each master's heartbeat asks whether it still agrees.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::redis::{ProtocolVersion, RedisError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::slot_map::{Node, SlotMap};
use super::topology::{Topology, View};
use super::{Core, State};
use crate::backend::redis::dial;
use crate::backend::redis::failure::Failure;
use crate::backend::redis::hosts::Host;
use crate::backend::redis::server::Server;
use crate::backend::{describe, time};

/// How many nodes are asked at once.
const MAX_ASKED: usize = 8;

/// The pause after the first of several attempts that settled nothing; it doubles with each further
/// one.
const MIN_BACKOFF: Duration = Duration::from_millis(10);

/// The longest pause between such attempts.
const MAX_BACKOFF: Duration = Duration::from_millis(250);

/// Fetches the topology whenever needed, until the task is aborted.
pub(super) async fn run(core: Arc<Core>) {
    let first = AtomicUsize::new(0);
    let mut pause = MIN_BACKOFF;
    loop {
        core.begin();
        let found = core.find(&first).await;
        let is_found = found.is_ok();
        match found {
            Ok((topology, nodes)) => core.install(topology, nodes),
            Err(failure) => core.end(failure),
        }
        if is_found && core.is_settled() {
            pause = MIN_BACKOFF;
            core.topology_invalidated.notified().await;
            // Several invalidations may come together.
            tokio::time::sleep(MIN_BACKOFF).await;
            continue;
        }
        tokio::select! {
            () = core.wanted.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        pause = (2 * pause).min(MAX_BACKOFF);
    }
}

/// A topology, and the hosts of its masters.
type Found = (Topology, Vec<Host>);

impl Core {
    fn begin(&self) {
        self.state.send_if_modified(|state| {
            state.begun += 1;
            false
        });
    }

    fn end(&self, failure: Failure) {
        self.state.send_modify(|state: &mut State| {
            if state.slot_map.is_none() {
                let error = describe(&failure);
                tracing::debug!(error, "no node of the cluster returns the topology");
            }
            state.ended = state.begun;
            state.failure = failure;
        });
    }

    /// Returns whether nothing needs to be fetched: all masters agree, or tracking is off.
    fn is_settled(&self) -> bool {
        let tracking = self.tracking.as_ref();
        tracking.is_none_or(|tracking| tracking.health.store().is_complete())
    }

    /// Asks some nodes at once. Returns the first view that considers the cluster healthy, or else
    /// any view.
    async fn find(&self, first: &AtomicUsize) -> Result<Found, Failure> {
        let candidates = self.candidates();
        let first = first.fetch_add(1, Ordering::Relaxed);
        let count = candidates.len();
        let indices = (0..count.min(MAX_ASKED)).map(|more| first.wrapping_add(more) % count);
        let mut asked: FuturesUnordered<_> =
            indices.map(|index| self.ask(&candidates[index])).collect();
        let (mut unhealthy, mut failed) = (None, None::<Failure>);
        while let Some(view) = asked.next().await {
            match view {
                Ok((found, true)) => return Ok(found),
                Ok((found, false)) => unhealthy = unhealthy.or(Some(found)),
                // The error of a reachable node says more than an unreachable one.
                Err(failure) => {
                    let known = failed.as_ref().is_some_and(|known| !known.is_unreachable());
                    if !known {
                        failed = Some(failure);
                    }
                }
            }
        }
        unhealthy.ok_or_else(|| failed.unwrap_or(Failure::Lost))
    }

    /// Returns the known masters, and the seeds of the URL.
    fn candidates(&self) -> Vec<(Host, Option<Arc<Server>>)> {
        let map = self.state.borrow().slot_map.clone();
        let nodes = map.iter().flat_map(|map| &map.nodes);
        let known = nodes.map(|node| (node.host.clone(), Some(Arc::clone(&node.server))));
        let mut candidates: Vec<_> = known.collect();
        for seed in &self.address.seeds {
            if !candidates.iter().any(|(host, _)| host == seed) {
                candidates.push((seed.clone(), None));
            }
        }
        candidates
    }

    /// Returns a node's view of the topology, and whether it considers the cluster healthy.
    async fn ask(
        &self,
        (host, server): &(Host, Option<Arc<Server>>),
    ) -> Result<(Found, bool), Failure> {
        let refused = |source: RedisError| Failure::Refused {
            address: self.shown(host),
            source,
        };
        let up = server.as_ref();
        let up = up.and_then(|server| server.connection.shared.current());
        // Ends before the waiting callers time out.
        let end = time::deadline_after(self.deadline / 10 * 4);
        let fetch = async {
            let mut connection = match up {
                Some(connection) => connection,
                None => {
                    let (info, config) = (self.address.node(host), dial::config());
                    dial::open(&info, ProtocolVersion::RESP2, &config, end).await?
                }
            };
            View::fetch(&mut connection).await
        };
        let view = dial::until(end, fetch).await.map_err(refused)?;
        let masters = view.topology.masters.iter();
        let hosts = masters.map(|master| master.at(host, self.address.is_over_tls()));
        let hosts: Option<Vec<Host>> = hosts.collect();
        match hosts {
            Some(hosts) => Ok(((view.topology, hosts), view.is_ok)),
            None => Err(refused(io::Error::other(NoPort).into())),
        }
    }

    /// Installs a topology, and has its masters asked whether they agree. Existing servers stay.
    fn install(&self, topology: Topology, hosts: Vec<Host>) {
        let old = self.state.borrow().slot_map.clone();
        let is_same = old.as_ref().is_some_and(|old| old.is_of(&topology, &hosts));
        let health = self
            .tracking
            .as_ref()
            .map(|tracking| tracking.health.store());
        if is_same && health.is_none_or(|health| health.is_settled(&topology)) {
            return;
        }
        let topology = Arc::new(topology);
        let nodes: Vec<Node> = hosts
            .into_iter()
            .map(|host| self.node(old.as_deref(), host))
            .collect();
        if let Some(health) = health {
            let trackings = nodes
                .iter()
                .filter_map(|node| node.server.connection.shared.tracking.as_ref());
            health.settle(
                Arc::clone(&topology),
                trackings.map(|tracking| &tracking.health),
            );
        }
        if !is_same {
            let masters = nodes.len();
            tracing::info!(masters, "the topology of the Redis cluster has changed");
        }
        let map = match old {
            Some(old) if is_same => old,
            _ => Arc::new(SlotMap::new(topology, nodes.clone())),
        };
        self.state.send_modify(|state| {
            state.ended = state.begun;
            state.slot_map = Some(map);
        });
        // Started after the map is visible: buckets opened later are then subscribed on these
        // nodes.
        for node in &nodes {
            self.start(&node.server, &node.host);
        }
        self.clear_unmapped_nodes();
    }

    /// Returns the node at a host from the old map, or a new one.
    fn node(&self, old: Option<&SlotMap>, host: Host) -> Node {
        if let Some(node) = old.and_then(|old| old.at(&host)) {
            return node.clone();
        }
        let tracking = self.tracking.as_ref().map(|tracking| {
            let node_health = tracking.health.store().add_node();
            tracking.for_another(node_health)
        });
        Node {
            server: self.server(tracking, &host),
            host,
        }
    }
}

/// A node has a port of only one kind.
#[derive(Debug, thiserror::Error)]
#[error(
    "a master of the cluster has no port of this kind (for TLS, use rediss+cluster://, \
     otherwise redis+cluster://)"
)]
struct NoPort;
