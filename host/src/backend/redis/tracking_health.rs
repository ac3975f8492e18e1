//! Which servers of a store are heard: what the store tells is complete only while all of them are.
//!
//! A store on one server has one ear. In a cluster there is one for each master, and which masters there
//! are changes: from the first doubt about that until all masters have said that they agree, the store
//! is not heard. What is doubted and settled there is counted in rounds, so that no answer counts that was
//! asked for in an earlier one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, watch};

use super::cluster::Topology;
use crate::backend::{Feed, FeedEvent, Lease};

/// The ears of a store.
pub(super) struct Ears {
    pub(super) feed: Arc<Feed>,
    state: Mutex<State>,
    /// The last round that has begun with a settled topology.
    settled: watch::Sender<u64>,
    /// The topology is in doubt.
    doubted: Arc<Notify>,
}

struct State {
    /// Whether there can be other servers than these.
    is_cluster: bool,
    round: Round,
    /// Those that must be heard; `None`: which these are is in doubt.
    expected: Option<Vec<EarId>>,
    /// What has been heard of them in this round.
    signs: HashMap<EarId, Sign>,
    last_id: EarId,
}

type EarId = u64;

#[derive(Clone, Copy)]
enum Sign {
    /// What it has told is complete until then.
    Lease(Lease),
    /// It tells nothing, and is taken to be right all the same.
    Untold,
}

/// What was settled when something was asked.
#[derive(Clone)]
pub(super) struct Round {
    number: u64,
    /// What the masters must agree to; `None`: there is nothing to agree to, or not yet.
    pub(super) topology: Option<Arc<Topology>>,
}

/// The ear for one server.
#[derive(Clone)]
pub(super) struct Ear {
    ears: Arc<Ears>,
    id: EarId,
}

impl Ears {
    /// The one ear of a store that is one server.
    pub(super) fn of_server() -> Ear {
        let ears = Arc::new(Self::new(false, Some(vec![0]), Arc::default()));
        Ear { ears, id: 0 }
    }

    /// The ears of a cluster, none as yet. `doubted` is notified when its topology is in doubt.
    pub(super) fn of_cluster(doubted: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self::new(true, None, doubted))
    }

    fn new(is_cluster: bool, expected: Option<Vec<EarId>>, doubted: Arc<Notify>) -> Self {
        let round = Round {
            number: 0,
            topology: None,
        };
        Self {
            feed: Arc::new(Feed::disconnected()),
            state: Mutex::new(State {
                is_cluster,
                round,
                expected,
                signs: HashMap::new(),
                last_id: 0,
            }),
            settled: watch::Sender::new(0),
            doubted,
        }
    }

    /// One more ear, for a server that is not expected yet.
    pub(super) fn ear(self: &Arc<Self>) -> Ear {
        let mut state = self.state();
        state.last_id += 1;
        Ear {
            ears: Arc::clone(self),
            id: state.last_id,
        }
    }

    /// The topology of the cluster may have changed: nothing counts that has been heard.
    pub(super) fn doubt(&self) {
        self.doubt_in(&mut self.state());
    }

    fn doubt_in(&self, state: &mut State) {
        state.doubt();
        self.tell(state);
        self.doubted.notify_one();
    }

    /// The topology of the cluster is this, as far as is known: its masters, whose ears these are, are asked
    /// whether they agree.
    pub(super) fn settle<'e>(
        &self,
        topology: Arc<Topology>,
        expected: impl IntoIterator<Item = &'e Ear>,
    ) {
        let mut state = self.state();
        state.doubt();
        state.round.topology = Some(topology);
        let expected: Vec<EarId> = expected.into_iter().map(|ear| ear.id).collect();
        state.signs.retain(|id, _| expected.contains(id));
        state.expected = Some(expected);
        self.tell(&state);
        self.settled.send_replace(state.round.number);
    }

    /// Whether the masters have been asked to agree to this topology, and nothing was doubted since.
    pub(super) fn is_settled(&self, topology: &Topology) -> bool {
        let state = self.state();
        let settled = state.round.topology.as_ref();
        settled.is_some_and(|settled| settled.agrees_with(topology))
    }

    /// Whether all that must be heard are.
    pub(super) fn are_all_heard(&self) -> bool {
        self.state().all_signs().is_some()
    }

    fn tell(&self, state: &State) {
        match state.all_signs() {
            None => self.feed.lose(),
            Some(Sign::Lease(until)) => self.feed.restore(Some(until)),
            Some(Sign::Untold) => self.feed.untrack(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn doubt(&mut self) {
        if self.is_cluster {
            self.round.number += 1;
            self.round.topology = None;
            self.expected = None;
            self.signs.retain(|_, sign| matches!(sign, Sign::Untold));
        }
    }

    fn expects(&self, id: EarId) -> bool {
        self.expected.as_ref().is_some_and(|ids| ids.contains(&id))
    }

    /// What all signs together say; `None`: one is missing.
    fn all_signs(&self) -> Option<Sign> {
        let expected = self.expected.as_ref()?;
        let signs = expected.iter().map(|id| self.signs.get(id).copied());
        let signs: Option<Vec<Sign>> = signs.collect();
        let both = |one, other| match (one, other) {
            (Sign::Lease(one), Sign::Lease(other)) => Sign::Lease(one.min(other)),
            _ => Sign::Untold,
        };
        signs?.into_iter().reduce(both)
    }
}

impl Ear {
    pub(super) fn feed(&self) -> &Arc<Feed> {
        &self.ears.feed
    }

    pub(super) fn ears(&self) -> &Arc<Ears> {
        &self.ears
    }

    /// To be asked before anything whose answer is a sign.
    pub(super) fn round(&self) -> Round {
        self.ears.state().round.clone()
    }

    /// A connection begins to be heard, after it was not.
    pub(super) fn begins(&self, round: &Round, until: Lease) {
        let mut state = self.ears.state();
        state.signs.remove(&self.id);
        self.ears.tell(&state);
        self.sign(&mut state, round, Sign::Lease(until));
    }

    /// It is still heard, and agrees, if nothing has been doubted since `round`.
    pub(super) fn hears(&self, round: &Round, until: Lease) {
        let mut state = self.ears.state();
        self.sign(&mut state, round, Sign::Lease(until));
    }

    /// The server does not tell, and is taken to be right all the same.
    pub(super) fn gives_up(&self) {
        let mut state = self.ears.state();
        let round = state.round.clone();
        self.sign(&mut state, &round, Sign::Untold);
    }

    /// The server says that the topology is another, which counts if it was asked in this round.
    pub(super) fn disagrees(&self, round: &Round) {
        let mut state = self.ears.state();
        if state.round.number == round.number && state.expects(self.id) {
            self.ears.doubt_in(&mut state);
        }
    }

    /// The server is not heard any more.
    pub(super) fn goes_deaf(&self) {
        let mut state = self.ears.state();
        state.signs.remove(&self.id);
        if state.expects(self.id) {
            self.ears.doubt_in(&mut state);
        }
    }

    pub(super) fn tell(&self, news: FeedEvent<'_>) {
        self.ears.feed.publish(None, news);
    }

    /// Who is told when there is something new to agree to.
    pub(super) fn settled(&self) -> watch::Receiver<u64> {
        self.ears.settled.subscribe()
    }

    fn sign(&self, state: &mut State, round: &Round, sign: Sign) {
        if !state.is_cluster || state.round.number == round.number {
            state.signs.insert(self.id, sign);
            self.ears.tell(state);
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
    fn feed_of_a_server_hears_as_its_one_ear_does() {
        let ear = Ears::of_server();
        ear.begins(&ear.round(), long());
        assert!(ear.feed().is_live());
        ear.goes_deaf();
        assert!(!ear.feed().is_live());
        ear.begins(&ear.round(), long());
        assert!(ear.feed().is_live());
        ear.gives_up();
        assert_eq!(
            ear.feed().invalidation_status(),
            InvalidationStatus::Untracked
        );
    }

    #[test]
    fn feed_of_a_cluster_hears_while_all_of_its_masters_do() {
        let ears = Ears::of_cluster(Arc::default());
        let [one, other, old] = [ears.ear(), ears.ear(), ears.ear()];
        old.begins(&old.round(), long());
        ears.settle(topology(), [&one, &other]);
        one.begins(&one.round(), long());
        assert!(!ears.feed.is_live(), "one is missing");
        other.begins(&other.round(), long());
        assert!(ears.feed.is_live());
        old.goes_deaf();
        assert!(ears.feed.is_live(), "that one does not matter any more");
        let before = one.round();
        ears.doubt();
        assert!(!ears.feed.is_live(), "the topology is in doubt");
        for ear in [&one, &other] {
            ear.hears(&ear.round(), long());
        }
        assert!(!ears.feed.is_live(), "it still is");
        ears.settle(topology(), [&one, &other]);
        one.hears(&before, long());
        other.hears(&other.round(), long());
        assert!(!ears.feed.is_live(), "that was asked before");
        for ear in [&one, &other] {
            ear.hears(&ear.round(), long());
        }
        assert!(ears.feed.is_live());
    }

    #[test]
    fn feed_of_a_cluster_hears_for_as_long_as_the_master_that_was_heard_first() {
        let ears = Ears::of_cluster(Arc::default());
        let [one, other] = [ears.ear(), ears.ear()];
        ears.settle(topology(), [&one, &other]);
        one.hears(&one.round(), Lease::after(Duration::ZERO));
        other.hears(&other.round(), long());
        assert!(!ears.feed.is_live());
        one.hears(&one.round(), long());
        assert!(ears.feed.is_live());
    }

    #[test]
    fn disagrees_in_an_earlier_round_is_no_doubt() {
        let ears = Ears::of_cluster(Arc::default());
        let ear = ears.ear();
        let early = ear.round();
        ears.settle(topology(), [&ear]);
        ear.hears(&ear.round(), long());
        ear.disagrees(&early);
        assert!(ears.feed.is_live());
        ear.disagrees(&ear.round());
        assert!(!ears.feed.is_live());
    }

    #[test]
    fn feed_of_a_cluster_with_a_master_that_does_not_tell_is_untold() {
        let ears = Ears::of_cluster(Arc::default());
        let [one, other] = [ears.ear(), ears.ear()];
        one.gives_up();
        ears.settle(topology(), [&one, &other]);
        other.hears(&other.round(), long());
        assert_eq!(
            ears.feed.invalidation_status(),
            InvalidationStatus::Untracked
        );
    }
}
