//! The hybrid cache for authors of WebAssembly components: a small local tier (L1) in front of a
//! backend (L2).
//!
//! A component that uses this crate imports `flipcache:cache/cache` and
//! `flipcache:cache/collections`. Its host links them, or the cache component is composed into it; the
//! code is the same.
//!
//! # Examples
//!
//! ```
//! use std::time::Duration;
//!
//! use flipcache_guest::{Cache, Error};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct User {
//!     name: String,
//! }
//!
//! fn user(id: i64) -> Result<User, Error> {
//!     let users = Cache::builder("user")
//!         .json::<User>()
//!         .integer_keys()
//!         .ttl(Duration::from_secs(60))
//!         .open()?;
//!     users.get_or_insert_with(id, || User { name: format!("user {id}") })
//! }
//! ```
//!
//! # Layout
//!
//! - [`Cache`] and [`CacheBuilder`]: a named cache of typed values, and its options.
//! - [`Codec`]: the value types: text, integers, floats, booleans, bytes, JSON of serde's types, or
//!   your own codec over one of these.
//! - [`Dict`]: bounded dictionaries in memory.
//! - [`bindings`]: the code generated from WIT.
//!
//! Names and defaults are those of the crate `flipcache`, which is for programs that embed the cache;
//! here every call blocks until it is done. The cache component decides what is served and stored,
//! and the host decides what a handle may do.
//!
//! The crate compiles for every target, so that code that uses it can be tested natively. Calls of
//! the cache panic there, because nothing provides one.

mod cache;

mod codec;

mod key;

mod life;

mod dict;

mod value;

mod error;
mod json_error;

pub mod bindings;

pub use bindings::flipcache::cache::cache::{
    Eviction, KeyType, Removals, Source, Stats, ValueType,
};
pub use bindings::flipcache::cache::collections::Order;
pub use bindings::flipcache::cache::types::Value;
pub use cache::{Cache, CacheBuilder, Found, KeyPages, Local};
pub use codec::{Boolean, Bytes, Codec, Float, Integer, Json, Text, UnexpectedValue};
pub use dict::Dict;
pub use error::{BackendError, Error};
pub use json_error::JsonError;
pub use key::{IntegerKeys, Key, Keys, TextKeys};
pub use life::{Expiry, Resilience};

/// The examples of the guide compile as tests.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/src/applications.md")]
    mod applications {}
}
