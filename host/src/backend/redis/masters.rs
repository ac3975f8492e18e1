//! The servers that have keys.

use super::connection::Connection;

/// The servers that have keys, at least one.
pub(super) struct Masters {
    pub(super) all: Vec<Connection>,
    /// A hash of the slots of each master; `None`: keys never move.
    pub(super) topology_hash: Option<u64>,
}
