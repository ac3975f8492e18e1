//! The masters of a topology, and which of them owns a key.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::slots::{SLOTS, slot_of};
use super::topology::Topology;
use crate::backend::redis::hosts::Host;
use crate::backend::redis::masters::Masters;
use crate::backend::redis::server::Server;

/// Servers by slot and by host.
pub(super) struct SlotMap {
    pub(super) topology: Arc<Topology>,
    /// In the order of the topology, at least one.
    pub(super) nodes: Vec<Node>,
    /// The index of the owner of each slot.
    owners: Vec<u16>,
    topology_hash: u64,
}

#[derive(Clone)]
pub(super) struct Node {
    pub(super) host: Host,
    pub(super) server: Arc<Server>,
}

/// The owner of an unassigned slot: the first node, which will refuse the command.
const UNASSIGNED: u16 = 0;

impl SlotMap {
    /// `nodes` are those of the topology's masters, in the same order.
    pub(super) fn new(topology: Arc<Topology>, nodes: Vec<Node>) -> Self {
        let mut owners = vec![UNASSIGNED; usize::from(SLOTS)];
        for (owner, master) in (0_u16..).zip(&topology.masters) {
            for (first, last) in &master.slots {
                owners[usize::from(*first)..=usize::from(*last)].fill(owner);
            }
        }
        let mut topology_hash = DefaultHasher::new();
        topology.hash(&mut topology_hash);
        Self {
            topology,
            nodes,
            owners,
            topology_hash: topology_hash.finish(),
        }
    }

    /// Returns whether it maps this topology, with its masters at these hosts.
    pub(super) fn is_of(&self, topology: &Topology, hosts: &[Host]) -> bool {
        let known = self.nodes.iter().map(|node| &node.host);
        self.topology.agrees_with(topology) && known.eq(hosts)
    }

    /// Returns the owner of a key. If it is outdated, the node redirects to the owner.
    pub(super) fn owner(&self, key: &[u8]) -> &Node {
        let owner = self.owners[usize::from(slot_of(key))];
        &self.nodes[usize::from(owner)]
    }

    pub(super) fn at(&self, host: &Host) -> Option<&Node> {
        self.nodes.iter().find(|node| node.host == *host)
    }

    pub(super) fn masters(&self) -> Masters {
        let nodes = self.nodes.iter();
        Masters {
            all: nodes.map(|node| node.server.connection.clone()).collect(),
            topology_hash: Some(self.topology_hash),
        }
    }
}
