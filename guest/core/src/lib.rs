//! The cache as a plain state machine: what to answer from the local tier, what to ask the shared
//! tier, and what of its answers to keep.
//!
//! The core is synchronous and single-threaded. It does no I/O and has no clock: a *driver* carries
//! its questions to the shared tier (L2) and brings the answers back, and hands in a clock function
//! that is called at most once an operation, and only for deadlines and misses.
//!
//! A read is three steps, a write is three:
//!
//! ```
//! use std::time::Duration;
//! use flipcache_core::{BackendReply, Bounds, Catalog, Moment, Options, Read, Seed, FillOutcome, Shard};
//!
//! let clock = || Moment::from_nanos(0);
//! let seed = Seed::new(7);
//! let mut shard = Shard::new(0, u64::MAX);
//! let options = Options::default();
//! let cache = Catalog::new().open("user", &options)?;
//! shard.open(cache, "user", Bounds::from(&options));
//! let hash = seed.hash("user", "1");
//!
//! // The local tier is empty: the answer is a ticket, and L2 has to be asked.
//! let Read::Miss(ticket) = shard.read(cache, hash, "1", None, &clock) else { unreachable!() };
//! let answer = BackendReply::Entry { value: b"Ada", ttl: Some(Duration::from_secs(60)) };
//! assert_eq!(shard.settle(cache, hash, "1", ticket, answer), FillOutcome::Stored);
//! assert!(matches!(shard.read(cache, hash, "1", None, &clock), Read::Hit(b"Ada")));
//!
//! // While L2 is being written, nothing may be answered from here.
//! let ticket = shard.begin_write(cache, hash, "1", &clock);
//! assert!(matches!(shard.read(cache, hash, "1", None, &clock), Read::Miss(_)));
//! shard.end_write(cache, hash, "1", ticket, Some((b"Grace", None)));
//! assert!(matches!(shard.read(cache, hash, "1", None, &clock), Read::Hit(b"Grace")));
//! # Ok::<(), flipcache_core::OpenError>(())
//! ```
//!
//! # Layout
//!
//! - [`Catalog`]: which caches are open. [`Shard`]: the state machine over their local tiers. A driver
//!   has one catalog and as many shards as it likes.
//! - [`Options`], [`Expiry`]: what a cache is told at its opening, checked.
//! - [`Value`], [`ValueType`]: the six value types and their plain wire form.
//! - [`Dict`]: the bounded dictionary, on the same table as the tiers.
//!
//! It deliberately knows no WIT, no Redis, no threads and no I/O.

mod catalog;

mod shard;

mod tier;

mod s3fifo;

mod bounds;

mod fence;

mod table;

mod entry_meta;

mod index;

mod linked_slab;

mod chunked_vec;

mod ghost;

mod options;
mod resilience;

mod name;

mod names;

mod stats;

mod time;

mod hash;

mod dict;

pub mod value;

pub use bounds::Bounds;
pub use catalog::{CacheId, Catalog, OpenError};
pub use dict::{Dict, DictError, Order};
pub use fence::Ticket;
pub use hash::{KeySeed, Seed};
pub use name::{InvalidKey, InvalidName, KeyType, MAX_KEY_BYTES, MAX_NAME_BYTES, check_name};
pub use names::NameIndex;
pub use options::{Eviction, Expiry, InvalidOptions, InvalidTtl, MAX_TTL, Options};
pub use resilience::Resilience;
#[cfg(any(test, feature = "model"))]
pub use shard::model;
pub use shard::{BackendReply, FillOutcome, KeyListing, Read, Shard, Write};
pub use stats::{Removals, Stats};
pub use time::{Clock, Moment};
pub use value::{InvalidValue, Value, ValueType};
