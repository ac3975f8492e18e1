//! The fence: which observed of the shared tier may be kept, whatever happened while they travelled.
//!
//! Every event that can make an answer old (a write, an invalidation, a clear) *bumps* what it
//! touches to a number never used before. A question carries the version of its key from before it
//! was asked, and its answer is kept only while that version still stands. Rules 1, 2 and 4 of a
//! correct hybrid cache; facebook's memcache leases are the ancestor (Nishtala et al., NSDI 2013).

use crate::time::Moment;

/// Keys share stripes, so that the fence does not grow with them. A collision only costs a miss.
const STRIPES: usize = 1024;

/// Proof of when a question was asked. Holds no state in the shard: it may be dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The highest bump of the key's stripe, its cache and everything.
    pub version: u64,
    /// The moment before the question; lives are counted from it.
    pub asked: Moment,
}

impl Ticket {
    /// A ticket that fits nowhere: versions are never 0 where the incarnation is not.
    pub const VOID: Self = Self {
        version: 0,
        asked: Moment::from_nanos(0),
    };

    /// Whether it is [`VOID`](Self::VOID).
    pub const fn is_void(self) -> bool {
        self.version == 0
    }

    /// Returns whether the reply to a request that has the ticket `request` may go to the caller that has this
    /// one: nothing has happened to the key between the two. A void ticket joins nothing, another void one
    /// included: what has happened between them is not known.
    pub const fn joins(self, request: Self) -> bool {
        !self.is_void() && self.version == request.version
    }
}

/// The bumps of one shard.
#[derive(Debug)]
pub(crate) struct Fence {
    /// The last number given out.
    last: u64,
    /// The last bump of each stripe of keys.
    stripes: Box<[u64]>,
    /// The last answer of L2 to a question about each stripe.
    observed: Box<[u64]>,
    /// The last bump of everything.
    all: u64,
}

impl Fence {
    /// A fence whose numbers are above all those of the incarnations before: 2^40 of them fit into
    /// one incarnation.
    pub(crate) fn new(incarnation: u32) -> Self {
        let start = u64::from(incarnation) << 40;
        Self {
            last: start,
            stripes: vec![start; STRIPES].into(),
            observed: vec![start; STRIPES].into(),
            all: start,
        }
    }

    /// A number never used before.
    pub(crate) fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Makes the versions of a key's stripe new.
    pub(crate) fn bump(&mut self, hash: u64) {
        let next = self.next();
        self.stripes[stripe(hash)] = next;
    }

    /// L2 has answered a question about a key.
    pub(crate) fn observe(&mut self, hash: u64) {
        let next = self.next();
        self.observed[stripe(hash)] = next;
    }

    /// Whether it has since a version of the key.
    pub(crate) fn was_observed_since(&self, hash: u64, version: u64) -> bool {
        self.observed[stripe(hash)] > version
    }

    /// Makes every version new. O(1).
    pub(crate) fn bump_all(&mut self) {
        self.all = self.next();
    }

    /// The last bump of everything.
    pub(crate) fn all(&self) -> u64 {
        self.all
    }

    /// The version of a key whose cache was bumped at `min_version`.
    pub(crate) fn version(&self, hash: u64, min_version: u64) -> u64 {
        self.stripes[stripe(hash)].max(min_version).max(self.all)
    }
}

/// The middle bits: tables take the low and the high ones.
fn stripe(hash: u64) -> usize {
    ((hash >> 24) % STRIPES as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_after_any_bump_is_new() {
        let mut fence = Fence::new(0);
        let before = fence.version(0, 0);
        fence.bump(0);
        let stripe = fence.version(0, 0);
        fence.bump_all();
        let all = fence.version(0, 0);
        let min_version = fence.next();
        assert!(before < stripe && stripe < all && all < fence.version(0, min_version));
    }

    #[test]
    fn joins_void_ticket_joins_nothing() {
        let ticket = |version, nanos| Ticket {
            version,
            asked: Moment::from_nanos(nanos),
        };
        assert!(ticket(7, 1).joins(ticket(7, 2)), "of one version");
        assert!(!ticket(7, 1).joins(ticket(8, 1)));
        assert!(!Ticket::VOID.joins(Ticket::VOID));
        assert!(!Ticket::VOID.joins(ticket(7, 1)) && !ticket(7, 1).joins(Ticket::VOID));
    }

    #[test]
    fn version_of_another_stripe_stays() {
        let mut fence = Fence::new(0);
        let other = fence.version(1 << 24, 0);
        fence.bump(0);
        assert_eq!(fence.version(1 << 24, 0), other);
    }

    #[test]
    fn new_later_incarnation_starts_above_all_before() {
        let mut old = Fence::new(6);
        for _ in 0..1_000 {
            old.bump(0);
        }
        assert!(Fence::new(7).version(0, 0) > old.version(0, 0));
    }
}
