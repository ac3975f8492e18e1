//! Random steps checked against a naive model, with the invariants checked after every step.
//!
//! The model is L2 itself: the values that every key has held, and when earlier replies became
//! outdated. The steps of drivers interleave at will. So reads and writes overlap in every way,
//! tickets are used late and twice, and caches share keys. The shard may serve only values that L2
//! has held since the last bump of the key, and may store no reply from before a bump.
//!
//! For the tests, and with the feature `model` for the fuzz targets. Not part of the API.

mod call;
mod l2;
mod request;
mod step;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::{Read, Shard};
use crate::bounds::Bounds;
use crate::catalog::CacheId;
use crate::hash::Seed;
use crate::options::Eviction;
use crate::time::Moment;
use call::Call;
use l2::L2;
use request::Request;
pub use step::{Content, KeyRef, Opening, Outcome, Setup, Step};
use step::{KEYS, NAMES};

/// Runs the steps.
///
/// # Panics
///
/// If the shard violates an invariant.
pub fn run(setup: Setup, steps: impl IntoIterator<Item = Step>) {
    let mut world = World::new(setup);
    for step in steps {
        world.apply(step);
        world.shard.validate();
    }
}

struct World {
    shard: Shard,
    l2: L2,
    seed: Seed,
    hash_mask: u64,
    /// The bounds with which the caches were last opened.
    bounds: [Option<Bounds>; NAMES.len()],
    is_suspended: bool,
    requests: Vec<Request>,
    calls: Vec<Call>,
}

/// A key with everything that the shard needs to know about it.
#[derive(Clone)]
struct ResolvedKey {
    cache: CacheId,
    hash: u64,
    key: &'static str,
    full_key: String,
}

impl World {
    fn new(setup: Setup) -> Self {
        let mut world = Self {
            shard: Shard::new(setup.incarnation, setup.max_bytes.into()),
            l2: L2::default(),
            seed: Seed::new(5),
            hash_mask: setup.hash_mask,
            bounds: [None; NAMES.len()],
            is_suspended: false,
            requests: Vec::new(),
            calls: Vec::new(),
        };
        for (cache, opening) in (0..).zip(setup.openings) {
            opening
                .into_iter()
                .for_each(|opening| world.open(cache, opening));
        }
        world
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Open(cache, opening) => self.open(cache, opening),
            Step::Read(place, ttl) => self.read(place, ttl.map(|ttl| u64::from(ttl.max(1)))),
            Step::Find(place, ttl) => self.find(place, ttl.map(|ttl| u64::from(ttl.max(1)))),
            Step::Ask(place) => {
                let resolved = self.resolved(place);
                let now = self.now();
                let ticket =
                    self.shard
                        .ticket(resolved.cache, resolved.hash, resolved.key, &|| now);
                self.ask(resolved, ticket, None);
            }
            Step::Settle(at, again, remember) => self.settle(at, again, remember),
            Step::Stale(place, window) => self.stale(place, window.into()),
            Step::RefreshClaim(place, within) => self.refresh_claim(place, within.into()),
            Step::FailRequest(at) => {
                if let Some(at) = wrapped(at, self.requests.len()) {
                    self.fail_request(at);
                }
            }
            Step::Begin(cache, writes) => self.begin(cache, &writes),
            Step::Reach(at, outcome) => self.reach(at, outcome),
            Step::End(at, again) => self.end(at, again),
            Step::ExternalWrite(place, content, announced) => {
                self.l2
                    .put_external(&self.resolved(place).full_key, content);
                if announced {
                    self.invalidate(place);
                }
            }
            Step::Invalidate(place) => self.invalidate(place),
            Step::InvalidateBucket(cache, clear) => self.invalidate_bucket(cache, clear),
            Step::InvalidateAll => {
                self.shard.invalidate_all();
                self.l2.bump_all("");
            }
            Step::Suspend => {
                self.shard.suspend();
                self.is_suspended = true;
            }
            Step::Resume => {
                self.shard.resume();
                self.is_suspended = false;
                self.l2.bump_all("");
            }
            Step::ClearLocal(cache) => {
                self.shard.clear_local(id_of(cache));
                assert_eq!(self.keys(cache), [""; 0], "a cleared tier has keys");
            }
            Step::Touch(place) => self.touch(place),
            Step::Peek(place) => drop(self.peek(&self.resolved(place))),
            Step::Inspect(cache) => self.inspect(cache),
            Step::Advance(by) => self.l2.now += u64::from(by),
        }
    }

    fn open(&mut self, cache: u8, opening: Opening) {
        let index = index_of(cache);
        let bounds = opening.bounds();
        self.shard.open(id_of(cache), NAMES[index], bounds);
        self.bounds[index] = Some(bounds);
    }

    fn is_open(&self, cache: u8) -> bool {
        self.bounds[index_of(cache)].is_some()
    }

    /// Returns the same as [`is_open`](Self::is_open).
    fn has(&self, cache: CacheId) -> bool {
        self.bounds[cache.number() as usize].is_some()
    }

    fn read(&mut self, place: KeyRef, ttl: Option<u64>) {
        let (resolved, now) = (self.resolved(place), self.now());
        let ttl_on_read = ttl.map(Duration::from_nanos);
        let read = self.shard.read(
            resolved.cache,
            resolved.hash,
            resolved.key,
            ttl_on_read,
            &|| now,
        );
        let (ticket, renews) = match read {
            Read::Hit(wire) => {
                let wire = wire.to_vec();
                return self.check(&resolved, &wire);
            }
            Read::Absent => {
                assert!(!self.is_suspended, "an absence is served while suspended");
                assert_eq!(self.peek(&resolved), None);
                return self.l2.check_absent(&resolved.full_key);
            }
            Read::ExtendTtl(ticket) => (ticket, true),
            Read::Miss(ticket) => (ticket, false),
        };
        let held = self.peek(&resolved);
        assert_eq!(
            renews,
            held.is_some(),
            "an entry is neither served nor extended"
        );
        assert!(
            !renews || ttl.is_some(),
            "a TTL is extended without ttl_on_read"
        );
        match ttl {
            Some(ttl) => self.extend(resolved, ttl),
            None => self.ask(resolved, ticket, None),
        }
    }

    fn find(&mut self, place: KeyRef, ttl: Option<u64>) {
        let (resolved, now) = (self.resolved(place), self.now());
        let (ttl, key) = (ttl.map(Duration::from_nanos), resolved.key.as_bytes());
        let found = self
            .shard
            .find(resolved.cache, resolved.hash, key, ttl, &|| now);
        if let Some(wire) = found.map(<[u8]>::to_vec) {
            self.check(&resolved, &wire);
        }
    }

    /// Checks that a stale entry is not from before a bump.
    fn stale(&mut self, place: KeyRef, window: u64) {
        let (resolved, now) = (self.resolved(place), self.now());
        let (length, lost_for) = (Duration::from_nanos(window), Duration::ZERO);
        let stale = self.shard.stale(
            resolved.cache,
            resolved.hash,
            resolved.key,
            length,
            lost_for,
            &|| now,
        );
        if let Some(wire) = stale.map(<[u8]>::to_vec) {
            self.l2.check_stale(&resolved.full_key, &wire, window);
        }
    }

    fn refresh_claim(&mut self, place: KeyRef, within: u64) {
        let (resolved, now) = (self.resolved(place), self.now());
        let within = Duration::from_nanos(within);
        let held = self.peek(&resolved);
        let mut claim = || {
            self.shard
                .refresh_claim(resolved.cache, resolved.hash, resolved.key, within, &|| now)
        };
        if claim().is_some() {
            assert_eq!(claim(), None, "one entry was claimed twice");
            assert!(held.is_some(), "an entry that is not live was claimed");
        }
        assert_eq!(self.peek(&resolved), held, "a claim changed an entry");
    }

    fn invalidate(&mut self, place: KeyRef) {
        let resolved = self.resolved(place);
        self.shard.invalidate(resolved.hash, &resolved.full_key);
        self.l2.bump(&resolved.full_key);
        self.assert_gone(&resolved.full_key, None);
    }

    /// Invalidates a bucket as a driver does when it clears L2: before and after.
    fn invalidate_bucket(&mut self, cache: u8, clear: bool) {
        let name = NAMES[index_of(cache)];
        let prefix = format!("{name}:");
        self.shard.invalidate_bucket(name);
        self.l2.bump_all(&prefix);
        if clear {
            self.l2.clear(&prefix);
            self.shard.invalidate_bucket(name);
            self.l2.bump_all(&prefix);
        }
    }

    fn touch(&mut self, place: KeyRef) {
        let (resolved, now) = (self.resolved(place), self.now());
        let held = self.peek(&resolved);
        let moved = self
            .shard
            .touch(resolved.cache, resolved.hash, resolved.key, &|| now);
        assert_eq!(moved, held.is_some());
        let eviction = self.bounds[index_of(place.cache)].map(|bounds| bounds.eviction);
        if moved && eviction != Some(Eviction::S3Fifo) {
            let keys = self.keys(place.cache);
            assert_eq!(keys.last().map(String::as_str), Some(resolved.key));
        }
    }

    fn inspect(&mut self, cache: u8) {
        let keys = self.keys(cache);
        for key in &keys {
            let at = KEYS.iter().zip(0..).find(|(known, _)| *known == key);
            let (_, key) = at.expect("a known key");
            let held = self.peek(&self.resolved(KeyRef { cache, key }));
            assert!(held.is_some(), "a listed key is not live");
        }
        let stats = self.shard.stats(id_of(cache));
        let bounds = self.bounds[index_of(cache)];
        let (entries, bytes) =
            bounds.map_or((0, 0), |bounds| (bounds.max_entries, bounds.max_bytes));
        assert!(stats.local_len >= keys.len() as u64 && stats.local_len <= u64::from(entries));
        assert!(stats.local_bytes <= bytes);
    }

    /// Returns the live keys of one cache.
    fn keys(&mut self, cache: u8) -> Vec<String> {
        let now = self.now();
        let keys = self.shard.local_keys(id_of(cache), &|| now);
        assert!(keys.is_empty() || !self.is_suspended);
        keys
    }

    /// Returns what the shard holds for a key, after checking it.
    fn peek(&mut self, resolved: &ResolvedKey) -> Option<Vec<u8>> {
        let now = self.now();
        let held = self
            .shard
            .peek(resolved.cache, resolved.hash, resolved.key, &|| now)?
            .to_vec();
        self.check(resolved, &held);
        let left = self
            .shard
            .remaining(resolved.cache, resolved.hash, resolved.key, &|| now);
        assert!(left.is_some_and(|left| left != Some(Duration::ZERO)));
        Some(held)
    }

    /// Panics if any cache that has the key still serves it, except `but`.
    fn assert_gone(&mut self, full_key: &str, but: Option<CacheId>) {
        for (cache, name) in (0..).zip(NAMES) {
            let rest = full_key.strip_prefix(name);
            let key = rest.and_then(|rest| rest.strip_prefix(':'));
            let known = (0..).zip(KEYS).find(|(_, known)| Some(*known) == key);
            let Some((key, _)) = known else { continue };
            let resolved = self.resolved(KeyRef { cache, key });
            let held = self.peek(&resolved).filter(|_| Some(resolved.cache) != but);
            assert_eq!(held, None, "an entry outlived a change");
        }
    }

    fn check(&mut self, resolved: &ResolvedKey, wire: &[u8]) {
        assert!(!self.is_suspended, "an entry is served while suspended");
        let bounds = self.bounds[resolved.cache.number() as usize].expect("an open cache");
        assert!(bounds.value_type.accepts(wire), "of another type");
        self.l2.check(&resolved.full_key, wire);
    }

    fn resolved(&self, place: KeyRef) -> ResolvedKey {
        let key = KEYS[usize::from(place.key) % KEYS.len()];
        let full_key = format!("{}:{key}", NAMES[index_of(place.cache)]);
        ResolvedKey {
            cache: id_of(place.cache),
            hash: self.seed.hash_bytes(full_key.as_bytes()) & self.hash_mask,
            key,
            full_key,
        }
    }

    fn now(&self) -> Moment {
        Moment::from_nanos(self.l2.now)
    }
}

fn index_of(cache: u8) -> usize {
    usize::from(cache) % NAMES.len()
}

fn id_of(cache: u8) -> CacheId {
    CacheId::from_number((0..).nth(index_of(cache)).unwrap_or_default())
}

/// Returns a valid index for this number; `None` if `len` is 0.
fn wrapped(number: u8, len: usize) -> Option<usize> {
    usize::from(number).checked_rem(len)
}
