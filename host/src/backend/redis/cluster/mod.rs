//! A Redis Cluster: keys divided among masters, which change.
//!
//! # Layout
//!
//! `address` is the URL; `slots` says in which slot a key is; `topology` is what a node says of who has
//! which slots, in `words`; `map` leads from a key to a server; `survey` is the task that keeps the map right;
//! `routes` sends each key's commands to who has it, and on to whom that one names, as `redirect`
//! understands it.
//!
//! The cache hears only while every master of the topology does and they agree about it: see
//! [`tracking_health`](super::tracking_health). With tracking in broadcasting mode it does not matter which master had a key when
//! it was read: whoever has it when it is changed tells of that.
//!
//! What it deliberately does not do: send anything again that was not refused, read from replicas, ask
//! masters that have no slots, or learn one slot from a redirection; after one, the whole topology is asked
//! for.

mod address;
mod redirect;
mod refresh;
mod reply_fields;
mod routes;
mod slot_map;
mod slots;
mod topology;

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
use self::slot_map::{Map, Node};
pub(super) use self::topology::{Topology, View};
use super::connection::Failure;
use super::error;
use super::hosts::Host;
use super::resolver::Place;
use super::server::Server;
use super::servers::Masters;
use super::tls;
use super::tracking::Tracking;
use super::tracking_health::Ears;
use crate::backend::{Access, BackendError, BackendOptions, Bucket, Feed, time};

/// So many nodes are known that are not in the topology.
const MAX_STRAYS: usize = 64;

/// How soon masters are asked again whether they agree.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// Nodes that cannot be reached are waited for during this part of the deadline before a bucket is used: the
/// commands that follow have a deadline of their own.
const WAITED_FOR: u32 = 4;

/// Some master knows another topology than the others.
#[derive(Debug, thiserror::Error)]
#[error("the masters of the cluster do not agree about who has which slots")]
struct Disagreement;

/// A cluster, and the task that asks for its topology, which ends with it.
pub(super) struct Cluster {
    core: Arc<Core>,
    survey: AbortHandle,
}

/// What those who send and the survey have in common.
struct Core {
    address: ClusterAddress,
    state: watch::Sender<State>,
    /// Somebody waits for a topology.
    wanted: Notify,
    /// The topology may be another.
    doubted: Arc<Notify>,
    /// What the tracking of each master is made of; `None`: nobody wants to hear of changes.
    tracking: Option<Tracking>,
    /// Nodes that commands were sent on to and that are not in the map. Nothing is heard of them.
    strays: Mutex<HashMap<Host, Arc<Server>>>,
    handle: Handle,
    /// How long a round trip may take, and all attempts together at what was refused.
    deadline: Duration,
}

/// How things stand. Attempts to find the topology are numbered from 1.
struct State {
    /// The last attempt that has begun.
    begun: u64,
    /// The last attempt that has ended.
    ended: u64,
    /// What was found last.
    map: Option<Arc<Map>>,
    /// Why there is none.
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
        let doubted = Arc::<Notify>::default();
        let ears = Ears::of_cluster(Arc::clone(&doubted));
        let core = Arc::new(Core {
            address,
            state: watch::Sender::new(State {
                begun: 0,
                ended: 0,
                map: None,
                failure: Failure::NotYet(shown),
            }),
            wanted: Notify::new(),
            doubted,
            tracking: Tracking::new(options.coherence, options.staleness_bound, ears.ear()),
            strays: Mutex::default(),
            handle: handle.clone(),
            deadline: options.deadline,
        });
        let survey = handle.spawn(refresh::run(Arc::clone(&core)));
        Self {
            core,
            survey: survey.abort_handle(),
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        self.core.deadline
    }

    pub(super) fn feed(&self) -> Option<Arc<Feed>> {
        let tracking = self.core.tracking.as_ref();
        tracking.map(|tracking| Arc::clone(tracking.ear.feed()))
    }

    pub(super) async fn masters(&self) -> Result<Masters, BackendError> {
        let deadline = time::deadline_after(self.core.deadline);
        Ok(self.core.map(deadline).await?.masters())
    }

    /// As [`masters`](Self::masters), once all of them have said that they agree.
    ///
    /// # Errors
    ///
    /// `Unavailable` if they do not in time.
    pub(super) async fn agreed_masters(&self) -> Result<Masters, BackendError> {
        let deadline = time::deadline_after(self.core.deadline);
        loop {
            let map = self.core.map(deadline).await?;
            let topology = &map.topology;
            let nodes = map.nodes.iter();
            let answers = nodes.map(|node| self.core.agrees(node, topology, deadline));
            let answers = join_all(answers).await.into_iter();
            let answers: Result<Vec<bool>, BackendError> = answers.collect();
            if answers?.into_iter().all(|agrees| agrees) {
                return Ok(map.masters());
            }
            self.core.doubt();
            let end = deadline.min(Instant::now() + ASK_AGAIN);
            // It always ends by the time.
            let _ = time::within(&self.core.handle, end, pending::<()>()).await;
            if Instant::now() >= deadline {
                return Err(BackendError::Unavailable(Box::new(Disagreement)));
            }
        }
    }

    /// Makes all masters tell of changes in a bucket. One that cannot be reached will when it can: until
    /// then, the cache does not hear.
    ///
    /// # Errors
    ///
    /// If it is not known who they are.
    pub(super) async fn subscribe(&self, bucket: &Bucket) -> Result<(), BackendError> {
        let Some(tracking) = &self.core.tracking else {
            return Ok(());
        };
        tracking.want(bucket);
        let deadline = time::deadline_after(self.core.deadline);
        loop {
            let map = self.core.map(deadline).await?;
            let nodes = map.nodes.iter();
            let end = deadline.min(Instant::now() + self.core.deadline / WAITED_FOR);
            join_all(nodes.map(|node| node.server.connection.subscribe(bucket, end))).await;
            // Those that have come since begin with what is wanted now.
            if Arc::ptr_eq(&map, &self.core.map(deadline).await?) {
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
        self.survey.abort();
    }
}

impl Core {
    /// What was found last. If nothing was, an attempt is made at once, which all who wait share.
    async fn map(&self, deadline: Instant) -> Result<Arc<Map>, BackendError> {
        let mut state = self.state.subscribe();
        let mine = {
            let now = state.borrow_and_update();
            if let Some(map) = &now.map {
                return Ok(Arc::clone(map));
            }
            now.begun + 1
        };
        self.wanted.notify_one();
        let outcome = state.wait_for(|now| now.map.is_some() || now.ended >= mine);
        match time::within(&self.handle, deadline, outcome).await {
            Ok(Ok(now)) => now.map.clone().ok_or_else(|| now.failure.clone().into()),
            Ok(Err(_)) | Err(_) => Err(self.state.borrow().failure.clone().into()),
        }
    }

    /// Whether a master knows the same topology.
    async fn agrees(
        &self,
        node: &Node,
        topology: &Topology,
        deadline: Instant,
    ) -> Result<bool, BackendError> {
        let (mut connection, _) = node.server.connection.up(deadline).await?;
        let view = View::ask(&mut connection);
        match time::within(&self.handle, deadline, view).await {
            Ok(Ok(view)) => Ok(view.topology.agrees_with(topology)),
            Ok(Err(failed)) => Err(error::of_command(failed, Access::Read)),
            Err(_) => Err(BackendError::Timeout),
        }
    }

    /// The topology may be another: until it is settled, nothing is heard.
    fn doubt(&self) {
        match &self.tracking {
            Some(tracking) => tracking.ear.ears().doubt(),
            None => self.doubted.notify_one(),
        }
    }

    /// A server that nobody has begun to connect to.
    fn server(&self, tracking: Option<Tracking>, host: &Host) -> Arc<Server> {
        let (deadline, handle) = (self.deadline, self.handle.clone());
        Arc::new(Server::new(self.shown(host), tracking, deadline, handle))
    }

    fn start(&self, server: &Server, host: &Host) {
        let shown = self.shown(host);
        let place = Place::node(self.address.node(host), Arc::clone(&shown));
        server.start(place, shown);
    }

    /// The server at a host: one of the map, or a stray.
    fn at(&self, map: &Map, host: &Host) -> Arc<Server> {
        if let Some(node) = map.at(host) {
            return Arc::clone(&node.server);
        }
        let mut strays = self.strays();
        if strays.len() >= MAX_STRAYS && !strays.contains_key(host) {
            strays.clear();
        }
        let stray = strays.entry(host.clone()).or_insert_with(|| {
            let server = self.server(None, host);
            self.start(&server, host);
            server
        });
        Arc::clone(stray)
    }

    fn forget_strays(&self) {
        self.strays().clear();
    }

    fn strays(&self) -> MutexGuard<'_, HashMap<Host, Arc<Server>>> {
        self.strays.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self, host: &Host) -> Arc<str> {
        format!("the node {host}").into()
    }
}
