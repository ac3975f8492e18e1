//! Which masters a cluster has and which slots each of them has, as one node sees it.
//!
//! `CLUSTER SHARDS` exists from Redis 7.0 on:
//! <https://redis.io/docs/latest/commands/cluster-shards/>; `CLUSTER SLOTS` replies with the same
//! facts before: <https://redis.io/docs/latest/commands/cluster-slots/>.

use std::collections::BTreeMap;
use std::io;

use ::redis::aio::MultiplexedConnection;
use ::redis::{Pipeline, RedisError, ServerErrorKind, Value};

use super::reply_fields::{array, field, host, name, port_number, slot, text};
use crate::backend::redis::hosts::Host;

/// How many masters a cluster may have.
const MAX_MASTERS: usize = 1_000;

/// A node's view of its cluster.
#[derive(Debug)]
pub(in crate::backend::redis) struct View {
    pub(in crate::backend::redis) topology: Topology,
    /// Whether the node considers the cluster healthy; otherwise it refuses commands on keys.
    pub(in crate::backend::redis) is_ok: bool,
}

/// The masters that have slots, ordered by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(in crate::backend::redis) struct Topology {
    pub(super) masters: Vec<Master>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Master {
    /// The node's id, which stays when its address changes.
    pub(super) name: String,
    /// `None`: the host of the node that was asked.
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) tls_port: Option<u16>,
    /// The first and the last slot of each range; in order, adjacent ranges joined.
    pub(super) slots: Vec<(u16, u16)>,
}

/// The reply cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("the node's reply is not the topology of a cluster")]
struct NoTopology;

impl View {
    /// Asks a node.
    ///
    /// # Errors
    ///
    /// If the connection does not work, or the node is in no cluster.
    pub(in crate::backend::redis) async fn fetch(
        connection: &mut MultiplexedConnection,
    ) -> Result<Self, RedisError> {
        let mut pipeline = Pipeline::with_capacity(2);
        pipeline.cmd("CLUSTER").arg("INFO");
        pipeline.cmd("CLUSTER").arg("SHARDS");
        let replies = connection.send_packed_commands(&pipeline, 0, 2).await?;
        let Ok([info, shards]) = <[Value; 2]>::try_from(replies) else {
            return Err(no_topology());
        };
        let topology = match shards {
            Value::ServerError(_) => {
                let mut pipeline = Pipeline::with_capacity(1);
                pipeline.cmd("CLUSTER").arg("SLOTS");
                let replies = connection.send_packed_commands(&pipeline, 0, 1).await?;
                match replies.into_iter().next() {
                    Some(Value::ServerError(error)) => return Err(error.into()),
                    slots => slots.and_then(|slots| Topology::of_slots(&slots)),
                }
            }
            shards => Topology::of_shards(&shards),
        };
        Ok(Self {
            topology: topology.ok_or_else(no_topology)?,
            is_ok: is_ok(&info),
        })
    }
}

impl Topology {
    /// Returns whether each slot has the same master, at whatever address.
    pub(in crate::backend::redis) fn agrees_with(&self, other: &Self) -> bool {
        let slots = |of: &Self| -> Vec<_> {
            let masters = of.masters.iter();
            let masters = masters.map(|master| (master.name.clone(), master.slots.clone()));
            masters.collect()
        };
        slots(self) == slots(other)
    }

    /// Parses the reply to `CLUSTER SHARDS`; `None` if it is invalid.
    fn of_shards(reply: &Value) -> Option<Self> {
        let mut masters = Masters::default();
        for shard in array(reply)? {
            let slots: Option<Vec<u16>> = array(field(shard, "slots")?)?.iter().map(slot).collect();
            let slots = slots?;
            let mut ranges = slots.chunks_exact(2);
            let mut nodes = array(field(shard, "nodes")?)?.iter();
            let is_master = |node: &&Value| field(node, "role").and_then(text) == Some("master");
            let Some(node) = nodes.find(is_master) else {
                continue;
            };
            let port = |name| field(node, name).map(port_number);
            masters.add(
                Master {
                    name: name(field(node, "id")?)?,
                    host: host(field(node, "endpoint")?)?,
                    port: port("port").unwrap_or(Some(None))?,
                    tls_port: port("tls-port").unwrap_or(Some(None))?,
                    slots: Vec::new(),
                },
                ranges.by_ref().map(|range| (range[0], range[1])),
            );
            if !ranges.remainder().is_empty() {
                return None;
            }
        }
        masters.topology()
    }

    /// Parses the reply to `CLUSTER SLOTS`; `None` if it is invalid.
    fn of_slots(reply: &Value) -> Option<Self> {
        let mut masters = Masters::default();
        for range in array(reply)? {
            let [first, last, node, ..] = array(range)? else {
                return None;
            };
            let [at, port, id, ..] = array(node)? else {
                return None;
            };
            let port = port_number(port)?;
            masters.add(
                Master {
                    name: name(id)?,
                    host: host(at)?,
                    port,
                    tls_port: port,
                    slots: Vec::new(),
                },
                [(slot(first)?, slot(last)?)],
            );
        }
        masters.topology()
    }
}

impl Master {
    /// Returns the address of the master, given the host that was asked; `None` if it has no port
    /// of this kind.
    pub(super) fn at(&self, asked: &Host, over_tls: bool) -> Option<Host> {
        let port = if over_tls { self.tls_port } else { self.port };
        Some(Host {
            name: self.host.clone().unwrap_or_else(|| asked.name.clone()),
            port: port?,
        })
    }
}

/// Masters by name.
#[derive(Default)]
struct Masters(BTreeMap<String, Master>);

impl Masters {
    fn add(&mut self, master: Master, slots: impl IntoIterator<Item = (u16, u16)>) {
        let known = self.0.entry(master.name.clone()).or_insert(master);
        known.slots.extend(slots);
    }

    /// Returns the topology; `None` if there is no master, there are too many, or two of them have
    /// the same slot.
    fn topology(self) -> Option<Topology> {
        let mut masters: Vec<Master> = self.0.into_values().collect();
        masters.retain(|master| !master.slots.is_empty());
        for master in &mut masters {
            master.slots.sort_unstable();
            master.slots = joined(&master.slots);
        }
        let slots = masters.iter().flat_map(|master| &master.slots);
        let mut slots: Vec<(u16, u16)> = slots.copied().collect();
        slots.sort_unstable();
        let are_ranges = slots.iter().all(|(first, last)| first <= last);
        let are_apart = slots.windows(2).all(|two| two[0].1 < two[1].0);
        let amount = (1..=MAX_MASTERS).contains(&masters.len());
        (are_ranges && are_apart && amount).then_some(Topology { masters })
    }
}

/// Joins adjacent ranges.
fn joined(ranges: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut joined: Vec<(u16, u16)> = Vec::with_capacity(ranges.len());
    for (first, last) in ranges.iter().copied() {
        match joined.last_mut() {
            Some(before) if before.0 <= before.1 && before.1 + 1 == first => before.1 = last,
            _ => joined.push((first, last)),
        }
    }
    joined
}

/// Parses the reply to `CLUSTER INFO`. A node that denies the command counts as healthy.
fn is_ok(info: &Value) -> bool {
    match info {
        Value::ServerError(error) => error.kind() == Some(ServerErrorKind::NoPerm),
        info => text(info).is_some_and(|info| info.lines().any(|line| line == "cluster_state:ok")),
    }
}

fn no_topology() -> RedisError {
    io::Error::other(NoTopology).into()
}

#[cfg(test)]
mod tests {
    use ::redis::parse_redis_value;
    use proptest::prelude::*;

    use super::*;
    use crate::backend::redis::reply::values::any_value;

    fn bulk(text: &str) -> Value {
        Value::BulkString(text.into())
    }

    fn map(pairs: Vec<(&str, Value)>, flat: bool) -> Value {
        let pairs = pairs.into_iter().map(|(key, value)| (bulk(key), value));
        if flat {
            Value::Array(pairs.flat_map(|(key, value)| [key, value]).collect())
        } else {
            Value::Map(pairs.collect())
        }
    }

    fn slots(slots: &[i64]) -> Value {
        Value::Array(slots.iter().copied().map(Value::Int).collect())
    }

    /// A shard in the format of Redis 7.0, with a replica.
    fn shard(id: &str, endpoint: Value, ranges: &[i64], flat: bool) -> Value {
        let node = |id: &str, role: &str| {
            let pairs = vec![
                ("id", bulk(id)),
                ("port", Value::Int(7)),
                ("endpoint", endpoint.clone()),
                ("role", bulk(role)),
                ("health", bulk("online")),
            ];
            map(pairs, flat)
        };
        let nodes = vec![node("replica", "replica"), node(id, "master")];
        let pairs = vec![("slots", slots(ranges)), ("nodes", Value::Array(nodes))];
        map(pairs, flat)
    }

    #[test]
    fn of_shards_in_either_protocol_is_the_same() {
        let of = |flat| {
            let shards = vec![
                shard("b", bulk("h"), &[0, 9, 10, 12, 20, 20], flat),
                shard("a", Value::Nil, &[13, 19], flat),
                shard("none", bulk("h"), &[], flat),
            ];
            Topology::of_shards(&Value::Array(shards)).unwrap()
        };
        let topology = of(false);
        assert_eq!(topology, of(true));
        let names: Vec<_> = topology
            .masters
            .iter()
            .map(|master| &*master.name)
            .collect();
        assert_eq!(names, ["a", "b"]);
        let [a, b] = &topology.masters[..] else {
            unreachable!("there are two");
        };
        assert_eq!(b.slots, [(0, 12), (20, 20)]);
        let asked = Host {
            name: "asked".to_owned(),
            port: 1,
        };
        let at = |master: &Master| master.at(&asked, false).unwrap();
        assert_eq!(
            (at(a).name, at(b).name),
            ("asked".to_owned(), "h".to_owned())
        );
        assert_eq!(at(a).port, 7);
        assert_eq!(a.at(&asked, true), None, "it has no port for TLS");
    }

    #[test]
    fn of_slots_agrees_with_equal_shards() {
        let wire = "*2\r\n\
            *3\r\n:0\r\n:9\r\n*3\r\n$1\r\nh\r\n:7\r\n$1\r\nb\r\n\
            *4\r\n:10\r\n:16383\r\n*4\r\n$0\r\n\r\n:7\r\n$1\r\na\r\n*0\r\n*3\r\n$1\r\nh\r\n:8\r\n$1\r\nr\r\n";
        let slots = Topology::of_slots(&parse_redis_value(wire.as_bytes()).unwrap()).unwrap();
        let shards = vec![
            shard("a", bulk("h"), &[10, 16_383], false),
            shard("b", bulk("h"), &[0, 9], false),
        ];
        let shards = Topology::of_shards(&Value::Array(shards)).unwrap();
        assert!(slots.agrees_with(&shards));
        assert_eq!(slots.masters[0].host, None);
    }

    #[test]
    fn topology_that_cannot_be_is_none() {
        let of = |shards: &[(&str, &[i64])]| {
            let shards = shards.iter();
            let shards = shards.map(|(id, slots)| shard(id, bulk("h"), slots, false));
            Topology::of_shards(&Value::Array(shards.collect()))
        };
        assert!(of(&[("a", &[0, 5]), ("b", &[6, 9])]).is_some());
        for wrong in [
            &[][..],
            &[("a", &[][..])],
            &[("a", &[0, 5, 6])],
            &[("a", &[5, 0])],
            &[("a", &[0, 16_384])],
            &[("a", &[-1, 5])],
            &[("", &[0, 5])],
            &[("a", &[0, 5]), ("b", &[5, 9])],
        ] {
            assert_eq!(of(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn agrees_with_another_owner_of_a_slot_does_not() {
        let of = |last: i64| {
            let shards = vec![
                shard("a", bulk("h"), &[0, last], false),
                shard("b", bulk("h"), &[last + 1, 16_383], false),
            ];
            Topology::of_shards(&Value::Array(shards)).unwrap()
        };
        assert!(of(7).agrees_with(&of(7)));
        assert!(!of(7).agrees_with(&of(8)));
    }

    #[test]
    fn is_ok_is_the_state_or_true_if_denied() {
        assert!(is_ok(&bulk("cluster_enabled:1\r\ncluster_state:ok\r\n")));
        assert!(!is_ok(&bulk("cluster_state:fail\r\n")));
        assert!(!is_ok(&Value::Nil));
        let denied = parse_redis_value(b"-NOPERM no\r\n").unwrap();
        assert!(is_ok(&denied));
    }

    proptest! {
        #[test]
        fn topology_of_any_reply_is_sane_or_none(reply in any_value()) {
            for topology in [Topology::of_shards(&reply), Topology::of_slots(&reply)] {
                prop_assert!(topology.is_none_or(|topology| !topology.masters.is_empty()));
            }
            is_ok(&reply);
        }

        #[test]
        fn topology_of_any_slots_is_sane_or_none(
            ranges in prop::collection::vec((any::<u8>(), -2..16_400_i64, -2..16_400_i64), 0..6),
        ) {
            let shards = ranges.into_iter().map(|(id, first, last)| {
                shard(&format!("n{}", id % 3), bulk("h"), &[first, last], id % 2 == 0)
            });
            if let Some(topology) = Topology::of_shards(&Value::Array(shards.collect())) {
                let slots = topology.masters.iter().flat_map(|master| &master.slots);
                let mut slots: Vec<_> = slots.flat_map(|(first, last)| *first..=*last).collect();
                let amount = slots.len();
                slots.sort_unstable();
                slots.dedup();
                prop_assert_eq!(slots.len(), amount, "each slot has one master");
            }
        }
    }
}
