//! Moving a slot from one master to another, step by step, as `redis-cli --cluster reshard` does.

use super::RedisCluster;

impl RedisCluster {
    /// Begins to move a slot from one master to another: keys that are not at the one are asked for
    /// at the other from now on.
    ///
    /// # Panics
    ///
    /// If the two do not accept it.
    pub fn begin_migration(&self, slot: usize, from: usize, to: usize) {
        let slot = slot.to_string();
        let (source, target) = (self.id(from), self.id(to));
        self.tell(to, &["CLUSTER", "SETSLOT", &slot, "IMPORTING", source]);
        self.tell(from, &["CLUSTER", "SETSLOT", &slot, "MIGRATING", target]);
    }

    /// Moves some keys of a slot. Returns how many.
    ///
    /// # Panics
    ///
    /// If they cannot be moved.
    pub fn migrate_keys(&self, slot: usize, from: usize, to: usize, amount: usize) -> usize {
        let (slot, amount) = (slot.to_string(), amount.to_string());
        let answer = self.ask(from, &["CLUSTER", "GETKEYSINSLOT", &slot, &amount]);
        let answer = answer.expect("the source must answer");
        let keys = answer.lines().filter(|line| !line.starts_with(['*', '$']));
        let keys: Vec<&str> = keys.collect();
        if keys.is_empty() {
            return 0;
        }
        let port = self.nodes[to].port().to_string();
        let mut command = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        command.extend(&keys);
        let answer = self.ask(from, &command).unwrap_or_default();
        // Others may have deleted them since.
        assert!(answer.starts_with(['+']), "keys must be moved: {answer}");
        keys.len()
    }

    /// Ends it, when the source has no keys of the slot any more.
    ///
    /// # Panics
    ///
    /// If the two do not accept it.
    pub fn end_migration(&self, slot: usize, from: usize, to: usize) {
        let slot = slot.to_string();
        for node in [to, from] {
            self.tell(node, &["CLUSTER", "SETSLOT", &slot, "NODE", self.id(to)]);
        }
    }
}
