//! The cache logic as a plain state machine: what the local tier serves, what to read from the
//! backend (L2), and which of its replies to store.
//!
//! The core is synchronous and single-threaded. It does no I/O and has no clock. A *driver* sends
//! the requests to L2 and passes the replies back. It also passes a clock function, which is called
//! at most once an operation, and only for deadlines and misses.
//!
//! A read takes three steps, and so does a write:
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
//! // The local tier is empty, so the read returns a ticket for a read of L2.
//! let Read::Miss(ticket) = shard.read(cache, hash, "1", None, &clock) else { unreachable!() };
//! let reply = BackendReply::Entry { value: b"Ada", ttl: Some(Duration::from_secs(60)) };
//! assert_eq!(shard.settle(cache, hash, "1", ticket, reply), FillOutcome::Stored);
//! assert!(matches!(shard.read(cache, hash, "1", None, &clock), Read::Hit(b"Ada")));
//!
//! // While a write is in flight, the entry is not served.
//! let ticket = shard.begin_write(cache, hash, "1", &clock);
//! assert!(matches!(shard.read(cache, hash, "1", None, &clock), Read::Miss(_)));
//! shard.end_write(cache, hash, "1", ticket, Some((b"Grace", None)));
//! assert!(matches!(shard.read(cache, hash, "1", None, &clock), Read::Hit(b"Grace")));
//! # Ok::<(), flipcache_core::OpenError>(())
//! ```
//!
//! # Layout
//!
//! - [`Catalog`]: the open caches. [`Shard`]: the state machine over their local tiers. A driver
//!   has one catalog and any number of shards.
//! - [`Options`], [`Expiry`], [`Resilience`]: the options of a cache, and their checks.
//! - [`Value`], [`ValueType`]: the six value types and their plain wire form.
//! - [`Dict`]: a bounded dictionary, on the same table as the tiers.
//!
//! The core deliberately has no WIT, no Redis, no threads and no I/O.

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
