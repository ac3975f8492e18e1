//! The task that asks for the topology: at first, and whenever it is in doubt.
//!
//! Between doubts nobody asks here: each master is asked by its own heartbeat whether it agrees.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ::redis::{ProtocolVersion, RedisError};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::slot_map::{Map, Node};
use super::topology::{Topology, View};
use super::{Core, State};
use crate::backend::redis::connection::Failure;
use crate::backend::redis::dial;
use crate::backend::redis::hosts::Host;
use crate::backend::redis::server::Server;
use crate::backend::{describe, time};

/// How many nodes are asked at once.
const ASKED: usize = 8;

/// The pause after the first of several attempts that have settled nothing; each later one is twice as
/// long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(10);

/// The longest pause between such attempts.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Asks and asks again, until the task is aborted.
pub(super) async fn run(core: Arc<Core>) {
    let first = AtomicUsize::new(0);
    let mut pause = FIRST_PAUSE;
    loop {
        core.begin();
        let found = core.find(&first).await;
        let is_found = found.is_ok();
        match found {
            Ok((topology, nodes)) => core.install(topology, nodes),
            Err(failure) => core.end(failure),
        }
        if is_found && core.is_settled() {
            pause = FIRST_PAUSE;
            core.doubted.notified().await;
            // More doubts may come together.
            tokio::time::sleep(FIRST_PAUSE).await;
            continue;
        }
        tokio::select! {
            () = core.wanted.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
        pause = (2 * pause).min(LONGEST_PAUSE);
    }
}

/// A topology, and where its masters are.
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
            if state.map.is_none() {
                let error = describe(&failure);
                tracing::debug!(error, "no node says who is in the cluster");
            }
            state.ended = state.begun;
            state.failure = failure;
        });
    }

    /// Whether there is nothing to ask for: all masters agree, or nobody wants to know.
    fn is_settled(&self) -> bool {
        let tracking = self.tracking.as_ref();
        tracking.is_none_or(|tracking| tracking.ear.ears().are_all_heard())
    }

    /// Asks some nodes at once. The first counts that takes the cluster to be well, or else any.
    async fn find(&self, first: &AtomicUsize) -> Result<Found, Failure> {
        let candidates = self.candidates();
        let first = first.fetch_add(1, Ordering::Relaxed);
        let count = candidates.len();
        let places = (0..count.min(ASKED)).map(|more| first.wrapping_add(more) % count);
        let mut asked: FuturesUnordered<_> =
            places.map(|place| self.ask(&candidates[place])).collect();
        let (mut ill, mut why) = (None, None::<Failure>);
        while let Some(answer) = asked.next().await {
            match answer {
                Ok((found, true)) => return Ok(found),
                Ok((found, false)) => ill = ill.or(Some(found)),
                // One that is there and does not say it has more to say than one that is not there.
                Err(failure) => {
                    let known = why.as_ref().is_some_and(|known| !known.is_unreachable());
                    if !known {
                        why = Some(failure);
                    }
                }
            }
        }
        ill.ok_or_else(|| why.unwrap_or(Failure::Lost))
    }

    /// The masters that are known, and the seeds of the URL.
    fn candidates(&self) -> Vec<(Host, Option<Arc<Server>>)> {
        let map = self.state.borrow().map.clone();
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

    /// What one node says, and whether it takes the cluster to be well.
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
        // Sooner than those who wait give up.
        let end = time::deadline_after(self.deadline / 10 * 4);
        let answer = async {
            let mut connection = match up {
                Some(connection) => connection,
                None => {
                    let (info, config) = (self.address.node(host), dial::config());
                    dial::open(&info, ProtocolVersion::RESP2, &config, end).await?
                }
            };
            View::ask(&mut connection).await
        };
        let view = dial::until(end, answer).await.map_err(refused)?;
        let masters = view.topology.masters.iter();
        let hosts = masters.map(|master| master.at(host, self.address.is_over_tls()));
        let hosts: Option<Vec<Host>> = hosts.collect();
        match hosts {
            Some(hosts) => Ok(((view.topology, hosts), view.is_ok)),
            None => Err(refused(io::Error::other(NoPort).into())),
        }
    }

    /// Makes a topology the one in use, and has its masters asked whether they agree. Servers that were
    /// there stay.
    fn install(&self, topology: Topology, hosts: Vec<Host>) {
        let old = self.state.borrow().map.clone();
        let is_same = old.as_ref().is_some_and(|old| old.is_of(&topology, &hosts));
        let ears = self.tracking.as_ref().map(|tracking| tracking.ear.ears());
        if is_same && ears.is_none_or(|ears| ears.is_settled(&topology)) {
            return;
        }
        let topology = Arc::new(topology);
        let nodes: Vec<Node> = hosts
            .into_iter()
            .map(|host| self.node(old.as_deref(), host))
            .collect();
        if let Some(ears) = ears {
            let trackings = nodes
                .iter()
                .filter_map(|node| node.server.connection.shared.tracking.as_ref());
            ears.settle(
                Arc::clone(&topology),
                trackings.map(|tracking| &tracking.ear),
            );
        }
        if !is_same {
            let masters = nodes.len();
            tracing::info!(masters, "the topology of the Redis cluster is another now");
        }
        let map = match old {
            Some(old) if is_same => old,
            _ => Arc::new(Map::new(topology, nodes.clone())),
        };
        self.state.send_modify(|state| {
            state.ended = state.begun;
            state.map = Some(map);
        });
        // After those who look at the map can see them: what is wanted later, they are told by these.
        for node in &nodes {
            self.start(&node.server, &node.host);
        }
        self.forget_strays();
    }

    /// The node at a host, as it is in the old map, or a new one.
    fn node(&self, old: Option<&Map>, host: Host) -> Node {
        if let Some(node) = old.and_then(|old| old.at(&host)) {
            return node.clone();
        }
        let tracking = self.tracking.as_ref().map(|tracking| {
            let ear = tracking.ear.ears().ear();
            tracking.of_another(ear)
        });
        Node {
            server: self.server(tracking, &host),
            host,
        }
    }
}

/// A node that has a port of one kind only.
#[derive(Debug, thiserror::Error)]
#[error(
    "a master of the cluster has no port for such connections (with TLS, the URL begins with rediss+cluster://)"
)]
struct NoPort;
