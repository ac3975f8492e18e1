//! Whether the invalidations of all servers of a backend arrive: only then are they complete.
//!
//! A single server is one node. In a cluster each master is a node, and the masters change. From
//! the first sign of a change until all masters have confirmed the topology, the feed is lost.
//! Changes of the topology are counted in epochs, so that a reply to a question of an earlier epoch
//! does not count.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::cluster::topology::Topology;
use crate::backend::{Feed, FeedEvent, Lease};

/// The tracking health of all nodes of a backend.
pub(super) struct TrackingHealth {
    pub(super) feed: Arc<Feed>,
    state: Mutex<State>,
    /// The last epoch whose topology is settled.
    settled: watch::Sender<u64>,
    /// Notified when the topology may have changed.
    invalidated: Arc<Notify>,
}

struct State {
    /// Whether the nodes can change.
    is_cluster: bool,
    epoch: TopologyEpoch,
    /// The nodes that must acknowledge; `None`: the topology is being refreshed.
    expected: Option<Vec<NodeId>>,
    /// Their acknowledgements in this epoch.
    acks: HashMap<NodeId, Ack>,
    last_id: NodeId,
}

type NodeId = u64;

#[derive(Clone, Copy)]
enum Ack {
    /// Its invalidations are complete until then.
    Lease(Lease),
    /// It publishes nothing, and its replies are cached all the same.
    Untracked,
}

/// The topology that was settled when a question was sent.
#[derive(Clone)]
pub(super) struct TopologyEpoch {
    number: u64,
    /// The topology that the masters must confirm; `None`: nothing, or nothing yet.
    pub(super) topology: Option<Arc<Topology>>,
}

/// The tracking health of one node.
#[derive(Clone)]
pub(super) struct NodeHealth {
    store: Arc<TrackingHealth>,
    id: NodeId,
}

impl TrackingHealth {
    /// Returns the only node of a backend that is one server.
    pub(super) fn for_server() -> NodeHealth {
        let store = Arc::new(Self::new(false, Some(vec![0]), Arc::default()));
        NodeHealth { store, id: 0 }
    }

    /// Returns the health of a cluster without nodes. `invalidated` is notified when the topology
    /// may have changed.
    pub(super) fn for_cluster(invalidated: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self::new(true, None, invalidated))
    }

    fn new(is_cluster: bool, expected: Option<Vec<NodeId>>, invalidated: Arc<Notify>) -> Self {
        let epoch = TopologyEpoch {
            number: 0,
            topology: None,
        };
        Self {
            feed: Arc::new(Feed::disconnected()),
            state: Mutex::new(State {
                is_cluster,
                epoch,
                expected,
                acks: HashMap::new(),
                last_id: 0,
            }),
            settled: watch::Sender::new(0),
            invalidated,
        }
    }

    /// Adds a node, which is not expected to acknowledge yet.
    pub(super) fn add_node(self: &Arc<Self>) -> NodeHealth {
        let mut state = self.state();
        state.last_id += 1;
        NodeHealth {
            store: Arc::clone(self),
            id: state.last_id,
        }
    }

    /// Records that the topology of the cluster may have changed: earlier acknowledgements do not
    /// count.
    pub(super) fn invalidate_topology(&self) {
        self.invalidate_topology_in(&mut self.state());
    }

    fn invalidate_topology_in(&self, state: &mut State) {
        state.invalidate_topology();
        self.publish_status(state);
        self.invalidated.notify_one();
    }

    /// Sets the topology of the cluster and its masters' nodes, which are asked to confirm it.
    pub(super) fn settle<'e>(
        &self,
        topology: Arc<Topology>,
        expected: impl IntoIterator<Item = &'e NodeHealth>,
    ) {
        let mut state = self.state();
        state.invalidate_topology();
        state.epoch.topology = Some(topology);
        let expected: Vec<NodeId> = expected.into_iter().map(|node| node.id).collect();
        state.acks.retain(|id, _| expected.contains(id));
        state.expected = Some(expected);
        self.publish_status(&state);
        self.settled.send_replace(state.epoch.number);
    }

    /// Returns whether the masters have been asked to confirm this topology, and it was not
    /// invalidated since.
    pub(super) fn is_settled(&self, topology: &Topology) -> bool {
        let state = self.state();
        let settled = state.epoch.topology.as_ref();
        settled.is_some_and(|settled| settled.agrees_with(topology))
    }

    /// Returns whether all expected nodes have acknowledged.
    pub(super) fn is_complete(&self) -> bool {
        self.state().combined_ack().is_some()
    }

    fn publish_status(&self, state: &State) {
        match state.combined_ack() {
            None => self.feed.lose(),
            Some(Ack::Lease(until)) => self.feed.restore(Some(until)),
            Some(Ack::Untracked) => self.feed.untrack(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn invalidate_topology(&mut self) {
        if self.is_cluster {
            self.epoch.number += 1;
            self.epoch.topology = None;
            self.expected = None;
            self.acks.retain(|_, ack| matches!(ack, Ack::Untracked));
        }
    }

    fn expects(&self, id: NodeId) -> bool {
        self.expected.as_ref().is_some_and(|ids| ids.contains(&id))
    }

    /// Returns what all acknowledgements together prove; `None`: one is missing.
    fn combined_ack(&self) -> Option<Ack> {
        let expected = self.expected.as_ref()?;
        let acks = expected.iter().map(|id| self.acks.get(id).copied());
        let acks: Option<Vec<Ack>> = acks.collect();
        let both = |one, other| match (one, other) {
            (Ack::Lease(one), Ack::Lease(other)) => Ack::Lease(one.min(other)),
            _ => Ack::Untracked,
        };
        acks?.into_iter().reduce(both)
    }
}

impl NodeHealth {
    pub(super) fn feed(&self) -> &Arc<Feed> {
        &self.store.feed
    }

    pub(super) fn store(&self) -> &Arc<TrackingHealth> {
        &self.store
    }

    /// Returns the current epoch. Take it before sending a question whose reply is an
    /// acknowledgement.
    pub(super) fn epoch(&self) -> TopologyEpoch {
        self.store.state().epoch.clone()
    }

    /// Acknowledges on a new connection: invalidations may have been missed before.
    pub(super) fn restart(&self, epoch: &TopologyEpoch, until: Lease) {
        let mut state = self.store.state();
        state.acks.remove(&self.id);
        self.store.publish_status(&state);
        self.record(&mut state, epoch, Ack::Lease(until));
    }

    /// Acknowledges that tracking still works, and confirms the topology unless it was invalidated
    /// since `epoch`.
    pub(super) fn ack(&self, epoch: &TopologyEpoch, until: Lease) {
        let mut state = self.store.state();
        self.record(&mut state, epoch, Ack::Lease(until));
    }

    /// Records that the server publishes nothing, and that its replies are cached all the same.
    pub(super) fn untrack(&self) {
        let mut state = self.store.state();
        let epoch = state.epoch.clone();
        self.record(&mut state, &epoch, Ack::Untracked);
    }

    /// Records that the server knows another topology. It counts only in the epoch in which the
    /// server was asked.
    pub(super) fn disagree(&self, epoch: &TopologyEpoch) {
        let mut state = self.store.state();
        if state.epoch.number == epoch.number && state.expects(self.id) {
            self.store.invalidate_topology_in(&mut state);
        }
    }

    /// Records that invalidations of the server may be missing.
    pub(super) fn lose(&self) {
        let mut state = self.store.state();
        state.acks.remove(&self.id);
        if state.expects(self.id) {
            self.store.invalidate_topology_in(&mut state);
        }
    }

    pub(super) fn publish(&self, event: FeedEvent<'_>) {
        self.store.feed.publish(None, event);
    }

    /// Notifies of topologies that must be confirmed.
    pub(super) fn settled(&self) -> watch::Receiver<u64> {
        self.store.settled.subscribe()
    }

    fn record(&self, state: &mut State, epoch: &TopologyEpoch, ack: Ack) {
        if !state.is_cluster || state.epoch.number == epoch.number {
            state.acks.insert(self.id, ack);
            self.store.publish_status(state);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::backend::InvalidationStatus;

    fn long() -> Lease {
        Lease::after(Duration::from_secs(60))
    }

    fn topology() -> Arc<Topology> {
        Arc::new(Topology::default())
    }

    #[test]
    fn feed_of_a_server_follows_its_node() {
        let node = TrackingHealth::for_server();
        node.restart(&node.epoch(), long());
        assert!(node.feed().is_live());
        node.lose();
        assert!(!node.feed().is_live());
        node.restart(&node.epoch(), long());
        assert!(node.feed().is_live());
        node.untrack();
        assert_eq!(
            node.feed().invalidation_status(),
            InvalidationStatus::Untracked
        );
    }

    #[test]
    fn feed_of_a_cluster_is_live_while_all_masters_acknowledge() {
        let health = TrackingHealth::for_cluster(Arc::default());
        let [one, other, old] = [health.add_node(), health.add_node(), health.add_node()];
        old.restart(&old.epoch(), long());
        health.settle(topology(), [&one, &other]);
        one.restart(&one.epoch(), long());
        assert!(!health.feed.is_live(), "one is missing");
        other.restart(&other.epoch(), long());
        assert!(health.feed.is_live());
        old.lose();
        assert!(health.feed.is_live(), "that node is no longer expected");
        let before = one.epoch();
        health.invalidate_topology();
        assert!(!health.feed.is_live(), "the topology is invalidated");
        for node in [&one, &other] {
            node.ack(&node.epoch(), long());
        }
        assert!(!health.feed.is_live(), "it is not settled yet");
        health.settle(topology(), [&one, &other]);
        one.ack(&before, long());
        other.ack(&other.epoch(), long());
        assert!(!health.feed.is_live(), "that was asked in an earlier epoch");
        for node in [&one, &other] {
            node.ack(&node.epoch(), long());
        }
        assert!(health.feed.is_live());
    }

    #[test]
    fn feed_of_a_cluster_has_the_earliest_lease() {
        let health = TrackingHealth::for_cluster(Arc::default());
        let [one, other] = [health.add_node(), health.add_node()];
        health.settle(topology(), [&one, &other]);
        one.ack(&one.epoch(), Lease::after(Duration::ZERO));
        other.ack(&other.epoch(), long());
        assert!(!health.feed.is_live());
        one.ack(&one.epoch(), long());
        assert!(health.feed.is_live());
    }

    #[test]
    fn disagree_in_an_earlier_epoch_is_ignored() {
        let health = TrackingHealth::for_cluster(Arc::default());
        let node = health.add_node();
        let early = node.epoch();
        health.settle(topology(), [&node]);
        node.ack(&node.epoch(), long());
        node.disagree(&early);
        assert!(health.feed.is_live());
        node.disagree(&node.epoch());
        assert!(!health.feed.is_live());
    }

    #[test]
    fn feed_of_a_cluster_with_an_untracked_master_is_untracked() {
        let health = TrackingHealth::for_cluster(Arc::default());
        let [one, other] = [health.add_node(), health.add_node()];
        one.untrack();
        health.settle(topology(), [&one, &other]);
        other.ack(&other.epoch(), long());
        assert_eq!(
            health.feed.invalidation_status(),
            InvalidationStatus::Untracked
        );
    }
}
