//! A Redis Cluster: keys divided among masters, which change.
//!
//! # Layout
//!
//! `address` is the URL; `slots` hashes keys to slots; `topology` is a node's view of which master
//! has which slots, parsed with `reply_fields`; `slot_map` maps keys to servers; `refresh` is the
//! task that keeps the slot map up to date; `routes` sends each key's commands to its owner, and
//! follows redirections, which `redirect` parses.
//!
//! The feed is live only while every master of the topology acknowledges tracking and confirms the
//! topology: see [`tracking_health`](super::tracking_health). In broadcasting mode it does not
//! matter which master had a key when it was read: the master that has it when it changes publishes
//! that.
//!
//! It deliberately does not do this: resend a command that was not refused, read from replicas, ask
//! masters without slots, or learn one slot from a redirection; after a redirection, the whole
//! topology is fetched.

mod address;
mod redirect;
mod refresh;
mod reply_fields;
mod routes;
mod slot_map;
mod slots;
pub(super) mod topology;

use std::collections::HashMap;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::AbortHandle;
use tokio::time::Instant;

pub(super) use self::address::ClusterAddress;
pub use self::address::ClusterUrlError;
use self::slot_map::{Node, SlotMap};
use self::topology::{Topology, View};
use super::error;
use super::failure::Failure;
use super::hosts::Host;
use super::masters::Masters;
use super::resolver::Resolver;
use super::server::Server;
use super::tls;
use super::tracking::Tracking;
use super::tracking_health::TrackingHealth;
use crate::backend::{Access, BackendError, BackendOptions, Bucket, Feed, time};

/// How many connections are kept to nodes outside the topology.
const MAX_UNMAPPED_NODES: usize = 64;

/// How soon masters are asked again whether they agree.
const RETRY_AFTER: Duration = Duration::from_millis(20);

/// The part of the deadline during which a subscription waits for unreachable nodes: the commands
/// that follow have a deadline of their own.
const SUBSCRIBE_FRACTION: u32 = 4;

/// Some master knows another topology than the others.
#[derive(Debug, thiserror::Error)]
#[error("the masters of the cluster do not agree about the owners of slots")]
struct Disagreement;

/// A cluster, and the task that refreshes its topology, which ends with it.
pub(super) struct Cluster {
    core: Arc<Core>,
    refresh_task: AbortHandle,
}

/// The state that callers and the refresh task share.
struct Core {
    address: ClusterAddress,
    state: watch::Sender<State>,
    /// A caller waits for a topology.
    wanted: Notify,
    /// Notified when the topology may have changed.
    topology_invalidated: Arc<Notify>,
    /// The template of each master's tracking; `None`: tracking is off.
    tracking: Option<Tracking>,
    /// Nodes that a redirection named and that are not in the slot map. They have no tracking.
    unmapped_nodes: Mutex<HashMap<Host, Arc<Server>>>,
    handle: Handle,
    /// How long a round trip may take, and all attempts at refused commands together.
    deadline: Duration,
}

/// The state of the topology. Attempts to fetch it are numbered from 1.
struct State {
    /// The last attempt that has begun.
    begun: u64,
    /// The last attempt that has ended.
    ended: u64,
    /// The latest slot map.
    slot_map: Option<Arc<SlotMap>>,
    /// Why there is no slot map.
    failure: Failure,
}

impl Cluster {
    pub(super) fn new(
        address: ClusterAddress,
        shown: Arc<str>,
        options: &BackendOptions,
        handle: Handle,
    ) -> Self {
        tls::provide_cryptography(&address.node(&address.seeds[0]));
        let topology_invalidated = Arc::<Notify>::default();
        let health = TrackingHealth::for_cluster(Arc::clone(&topology_invalidated));
        let core = Arc::new(Core {
            address,
            state: watch::Sender::new(State {
                begun: 0,
                ended: 0,
                slot_map: None,
                failure: Failure::NotYet(shown),
            }),
            wanted: Notify::new(),
            topology_invalidated,
            tracking: Tracking::new(
                options.coherence,
                options.staleness_bound,
                health.add_node(),
            ),
            unmapped_nodes: Mutex::default(),
            handle: handle.clone(),
            deadline: options.deadline,
        });
        let refresh_task = handle.spawn(refresh::run(Arc::clone(&core)));
        Self {
            core,
            refresh_task: refresh_task.abort_handle(),
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.core.deadline
    }

    pub(super) fn feed(&self) -> Option<Arc<Feed>> {
        let tracking = self.core.tracking.as_ref();
        tracking.map(|tracking| Arc::clone(tracking.health.feed()))
    }

    pub(super) async fn masters(&self) -> Result<Masters, BackendError> {
        let deadline = time::deadline_after(self.core.deadline);
        Ok(self.core.slot_map(deadline).await?.masters())
    }

    /// As [`masters`](Self::masters), once all of them have confirmed the topology.
    ///
    /// # Errors
    ///
    /// `Unavailable` if they do not agree in time.
    pub(super) async fn agreed_masters(&self) -> Result<Masters, BackendError> {
        let deadline = time::deadline_after(self.core.deadline);
        loop {
            let map = self.core.slot_map(deadline).await?;
            let topology = &map.topology;
            let nodes = map.nodes.iter();
            let asked = nodes.map(|node| self.core.agrees(node, topology, deadline));
            let agree: Result<Vec<bool>, BackendError> =
                join_all(asked).await.into_iter().collect();
            if agree?.into_iter().all(|agrees| agrees) {
                return Ok(map.masters());
            }
            self.core.invalidate_topology();
            let end = deadline.min(Instant::now() + RETRY_AFTER);
            // Always ends by the timeout.
            let _ = time::within(&self.core.handle, end, pending::<()>()).await;
            if Instant::now() >= deadline {
                return Err(BackendError::Unavailable(Box::new(Disagreement)));
            }
        }
    }

    /// Makes all masters publish changes in a bucket. An unreachable master does so once it can be
    /// reached: until then, the feed is lost.
    ///
    /// # Errors
    ///
    /// If the masters are not known.
    pub(super) async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        let Some(tracking) = &self.core.tracking else {
            return Ok(());
        };
        tracking.add_bucket(bucket);
        let deadline = time::deadline_after(self.core.deadline);
        loop {
            let map = self.core.slot_map(deadline).await?;
            let nodes = map.nodes.iter();
            let end = deadline.min(Instant::now() + self.core.deadline / SUBSCRIBE_FRACTION);
            join_all(nodes.map(|node| node.server.connection.subscribe(bucket, end))).await;
            // Masters added since begin with all buckets, this one included.
            if Arc::ptr_eq(&map, &self.core.slot_map(deadline).await?) {
                return Ok(());
            }
            if Instant::now() >= deadline {
                return Err(Failure::Lost.into());
            }
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.refresh_task.abort();
    }
}

impl Core {
    /// Returns the latest slot map. If there is none, requests an attempt, which all waiting
    /// callers share.
    async fn slot_map(&self, deadline: Instant) -> Result<Arc<SlotMap>, BackendError> {
        let mut state = self.state.subscribe();
        let next = {
            let now = state.borrow_and_update();
            if let Some(map) = &now.slot_map {
                return Ok(Arc::clone(map));
            }
            now.begun + 1
        };
        self.wanted.notify_one();
        let outcome = state.wait_for(|now| now.slot_map.is_some() || now.ended >= next);
        match time::within(&self.handle, deadline, outcome).await {
            Ok(Ok(now)) => now
                .slot_map
                .clone()
                .ok_or_else(|| now.failure.clone().into()),
            Ok(Err(_)) | Err(_) => Err(self.state.borrow().failure.clone().into()),
        }
    }

    /// Returns whether a master knows the same topology.
    async fn agrees(
        &self,
        node: &Node,
        topology: &Topology,
        deadline: Instant,
    ) -> Result<bool, BackendError> {
        let (mut connection, _) = node.server.connection.acquire(deadline).await?;
        let view = View::fetch(&mut connection);
        match time::within(&self.handle, deadline, view).await {
            Ok(Ok(view)) => Ok(view.topology.agrees_with(topology)),
            Ok(Err(failed)) => Err(error::of_command(failed, Access::Read)),
            Err(_) => Err(BackendError::Timeout),
        }
    }

    /// Records that the topology may have changed: until it is settled, the feed is lost.
    fn invalidate_topology(&self) {
        match &self.tracking {
            Some(tracking) => tracking.health.store().invalidate_topology(),
            None => self.topology_invalidated.notify_one(),
        }
    }

    /// Returns a server that is not being connected to yet.
    fn server(&self, tracking: Option<Tracking>, host: &Host) -> Arc<Server> {
        let (deadline, handle) = (self.deadline, self.handle.clone());
        Arc::new(Server::new(self.shown(host), tracking, deadline, handle))
    }

    fn start(&self, server: &Server, host: &Host) {
        let shown = self.shown(host);
        let resolver = Resolver::node(self.address.node(host), Arc::clone(&shown));
        server.start(resolver, shown);
    }

    /// Returns the server at a host, in the slot map or outside of it.
    fn at(&self, map: &SlotMap, host: &Host) -> Arc<Server> {
        if let Some(node) = map.at(host) {
            return Arc::clone(&node.server);
        }
        let mut unmapped_nodes = self.unmapped_nodes();
        if unmapped_nodes.len() >= MAX_UNMAPPED_NODES && !unmapped_nodes.contains_key(host) {
            unmapped_nodes.clear();
        }
        let node = unmapped_nodes.entry(host.clone()).or_insert_with(|| {
            let server = self.server(None, host);
            self.start(&server, host);
            server
        });
        Arc::clone(node)
    }

    fn clear_unmapped_nodes(&self) {
        self.unmapped_nodes().clear();
    }

    fn unmapped_nodes(&self) -> MutexGuard<'_, HashMap<Host, Arc<Server>>> {
        self.unmapped_nodes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self, host: &Host) -> Arc<str> {
        format!("the node {host}").into()
    }
}
