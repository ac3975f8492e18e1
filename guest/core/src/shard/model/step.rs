//! The setup and the steps of a run.

use std::time::Duration;

#[cfg(feature = "model")]
use arbitrary::Arbitrary;

use crate::bounds::Bounds;
use crate::options::Eviction;
use crate::value::ValueType;

/// Names of the caches. All but `m` nest in `n`, so that one key of L2 belongs to several.
pub(super) const NAMES: [&str; 4] = ["n", "n:m", "m", "n:"];

/// The keys. Those that begin with the rest of a name belong to other caches too.
pub(super) const KEYS: [&str; 10] = [
    "",
    "1",
    "2",
    "m:",
    "m:1",
    "m:2",
    ":1",
    ":2",
    "three words of a key",
    "m:three words of a key",
];

/// The shard before the first step.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The number of the instance.
    pub incarnation: u32,
    /// Maximum weight of all tiers together.
    pub max_bytes: u16,
    /// The bits of hashes that are used; with few of them, keys collide.
    pub hash_mask: u64,
    /// How each cache is opened, if at all.
    pub openings: [Option<Opening>; NAMES.len()],
}

/// The bounds with which a cache is opened.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// Maximum number of entries.
    pub max_entries: u8,
    /// Maximum bytes.
    pub max_bytes: Option<u8>,
    /// Which entry is evicted first: FIFO, LRU, S3-FIFO. Wraps around.
    pub eviction: u8,
    /// Integers instead of text.
    pub integers: bool,
    /// Nanoseconds for which expired entries are kept.
    pub keep_expired: u8,
}

impl Opening {
    pub(super) fn bounds(self) -> Bounds {
        Bounds {
            max_entries: self.max_entries.into(),
            max_bytes: self.max_bytes.map_or(u64::MAX, u64::from),
            eviction: match self.eviction % 3 {
                0 => Eviction::Fifo,
                1 => Eviction::Lru,
                _ => Eviction::S3Fifo,
            },
            value_type: if self.integers {
                ValueType::Integer
            } else {
                ValueType::Text
            },
            keep_expired: Duration::from_nanos(self.keep_expired.into()),
        }
    }
}

/// A key of a cache, each by number. Numbers wrap around.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub struct KeyRef {
    /// The cache.
    pub cache: u8,
    /// The key.
    pub key: u8,
}

/// The content of a key of L2.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// The key is deleted.
    Nothing,
    /// Something other than a plain string. Own writes delete instead.
    List,
    /// A unique value.
    Value {
        /// It cannot be parsed as an integer.
        is_word: bool,
        /// Number of spaces after it, so that the bounds in bytes are exceeded now and then.
        spaces: u8,
        /// Its TTL in nanoseconds; 0 counts as 1.
        ttl: Option<u16>,
    },
}

/// The outcome of a call to L2.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// L2 executed it and replied.
    Done,
    /// L2 executed it, and the reply was lost.
    Unknown,
    /// L2 did not execute it.
    Failed,
}

/// One step. Numbers that choose among requests and calls in flight wrap around.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Debug)]
pub enum Step {
    /// Opens a cache, or opens it again.
    Open(u8, Opening),
    /// Reads, optionally with a TTL to extend to. After a miss L2 replies at once, and the reply is
    /// in flight until it is settled.
    Read(KeyRef, Option<u16>),
    /// Reads a stale entry after L2 has failed, within this many nanoseconds.
    Stale(KeyRef, u8),
    /// Claims the refresh of an entry that expires within this many nanoseconds.
    RefreshClaim(KeyRef, u16),
    /// Looks for a hit.
    Find(KeyRef, Option<u16>),
    /// Reads L2 whatever the local tier holds.
    Ask(KeyRef),
    /// Settles a reply; `true`: it is settled once more later. An absence is cached for this many
    /// nanoseconds.
    Settle(u8, bool, u8),
    /// Fails a request.
    FailRequest(u8),
    /// Begins a call that writes keys of one cache.
    Begin(u8, Vec<(u8, Content)>),
    /// Makes a call reach L2.
    Reach(u8, Outcome),
    /// Ends a call; one that has not reached L2 is given up and reaches it later. `true`: it is
    /// ended once more later.
    End(u8, bool),
    /// Writes as another client does; `true`: the change is announced.
    ExternalWrite(KeyRef, Content, bool),
    /// Invalidates a key, whether it was changed or not.
    Invalidate(KeyRef),
    /// Invalidates all of a cache; `true`: its keys in L2 are deleted.
    InvalidateBucket(u8, bool),
    /// Invalidates everything.
    InvalidateAll,
    /// Suspends the shard: changes are not announced any more.
    Suspend,
    /// Resumes it.
    Resume,
    /// Clears a tier.
    ClearLocal(u8),
    /// Touches an entry.
    Touch(KeyRef),
    /// Peeks at an entry.
    Peek(KeyRef),
    /// Checks the keys and counters of a tier.
    Inspect(u8),
    /// Advances the time, in nanoseconds.
    Advance(u16),
}
