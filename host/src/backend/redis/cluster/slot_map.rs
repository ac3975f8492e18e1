//! The masters of a topology, and which of them has a key.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::slots::{SLOTS, slot_of};
use super::topology::Topology;
use crate::backend::redis::hosts::Host;
use crate::backend::redis::server::Server;
use crate::backend::redis::servers::Masters;

/// Servers by slots and by hosts.
pub(super) struct Map {
    pub(super) topology: Arc<Topology>,
    /// In the order of the topology, at least one.
    pub(super) nodes: Vec<Node>,
    /// Which of the nodes has each slot.
    owners: Vec<u16>,
    division: u64,
}

#[derive(Clone)]
pub(super) struct Node {
    pub(super) host: Host,
    pub(super) server: Arc<Server>,
}

/// The owner of a slot that nobody has: the first node will say so.
const NOBODY: u16 = 0;

impl Map {
    /// `nodes` are those of the topology's masters.
    pub(super) fn new(topology: Arc<Topology>, nodes: Vec<Node>) -> Self {
        let mut owners = vec![NOBODY; usize::from(SLOTS)];
        for (owner, master) in (0_u16..).zip(&topology.masters) {
            for (first, last) in &master.slots {
                owners[usize::from(*first)..=usize::from(*last)].fill(owner);
            }
        }
        let mut division = DefaultHasher::new();
        topology.hash(&mut division);
        Self {
            topology,
            nodes,
            owners,
            division: division.finish(),
        }
    }

    /// Whether it is the map of this topology, with its masters at these hosts.
    pub(super) fn is_of(&self, topology: &Topology, hosts: &[Host]) -> bool {
        let known = self.nodes.iter().map(|node| &node.host);
        self.topology.agrees_with(topology) && known.eq(hosts)
    }

    /// Who has a key; who does not, says who has.
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
            division: Some(self.division),
        }
    }
}
