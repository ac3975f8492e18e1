//! What a run consists of.

use std::time::Duration;

#[cfg(feature = "model")]
use arbitrary::Arbitrary;

use crate::bounds::Bounds;
use crate::options::Eviction;
use crate::value::ValueType;

/// Names of the caches. All but `m` nest in `n`, so that one key of L2 is a key of several.
pub(super) const NAMES: [&str; 4] = ["n", "n:m", "m", "n:"];

/// The keys. Those that begin with the rest of a name are other caches' keys too.
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

/// What the shard is before the first step.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// The number of the instance.
    pub incarnation: u32,
    /// What the tiers may weigh together.
    pub max_bytes: u16,
    /// The bits of hashes that count: with few of them, keys collide.
    pub hash_mask: u64,
    /// How the caches are open, if they are.
    pub openings: [Option<Opening>; NAMES.len()],
}

/// How a cache is opened.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// Entries that it holds.
    pub max_entries: u8,
    /// Bytes that it holds.
    pub max_bytes: Option<u8>,
    /// Which entry leaves first: FIFO, LRU, S3-FIFO. Wraps around.
    pub eviction: u8,
    /// Integers, not text.
    pub integers: bool,
    /// Nanoseconds for which what has expired is kept.
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

/// A key of a cache, each by a number. Numbers wrap around.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub struct KeyRef {
    /// The cache.
    pub cache: u8,
    /// The key.
    pub key: u8,
}

/// What is put at a key of L2.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug)]
pub enum Content {
    /// The key is deleted.
    Nothing,
    /// Something that is not a plain string. Own writes put nothing instead.
    List,
    /// A value that is like no other.
    Value {
        /// It cannot be read as an integer.
        is_word: bool,
        /// So many spaces follow it, so that the bounds in bytes bite now and then.
        spaces: u8,
        /// It lives so long, in nanoseconds; 0 counts as 1.
        life: Option<u16>,
    },
}

/// What a call to L2 comes to.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Outcome {
    /// L2 has carried it out, and says so.
    Done,
    /// L2 has carried it out, and nobody knows.
    Unknown,
    /// L2 has not carried it out.
    Failed,
}

/// One step. Numbers that choose among requests and calls under way wrap around.
#[cfg_attr(feature = "model", derive(Arbitrary))]
#[derive(Clone, Debug)]
pub enum Step {
    /// Opens a cache, once more perhaps.
    Open(u8, Opening),
    /// Reads, with a TTL for what is read perhaps. After a miss L2 answers at once, and its answer is on
    /// the way until it is settled.
    Read(KeyRef, Option<u16>),
    /// Looks for what may answer now that L2 has failed, within so many nanoseconds.
    Stale(KeyRef, u8),
    /// Claims to renew an entry that ends within so many nanoseconds.
    RefreshClaim(KeyRef, u16),
    /// Looks for a hit.
    Find(KeyRef, Option<u16>),
    /// Asks L2 whatever the local tier holds.
    Ask(KeyRef),
    /// An answer arrives; `true`: and will once more. An absence is remembered for so many nanoseconds.
    Settle(u8, bool, u8),
    /// A question fails.
    FailRequest(u8),
    /// Begins a call that writes keys of one cache.
    Begin(u8, Vec<(u8, Content)>),
    /// A call arrives at L2.
    Reach(u8, Outcome),
    /// QueueEnds a call; one that has not arrived is given up, and arrives later. `true`: its end is told
    /// once more.
    End(u8, bool),
    /// Somebody else writes; `true`: and tells.
    ExternalWrite(KeyRef, Content, bool),
    /// A change is told, whether there was one or not.
    Invalidate(KeyRef),
    /// All of a cache is told to have changed; `true`: L2 is emptied of it.
    InvalidateBucket(u8, bool),
    /// Everything is told to have changed.
    InvalidateAll,
    /// Changes are not told any more.
    Suspend,
    /// They are told again.
    Resume,
    /// Empties a tier.
    ClearLocal(u8),
    /// Makes an entry the last to leave.
    Touch(KeyRef),
    /// Looks at an entry.
    Peek(KeyRef),
    /// Asks a tier for its keys and its numbers.
    Inspect(u8),
    /// Time passes, in nanoseconds.
    Advance(u16),
}
