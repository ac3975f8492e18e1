//! What the tests share: servers of their own, and the built examples.
//!
//! # Layout
//!
//! - [`redis_server`] starts Redis servers, one for each test that needs one.
//! - [`examples`] names the files of the built examples. The binary `build-examples` copies them to
//!   where a reader of the README looks for them.
//!
//! It depends on nothing that is tested, so that the unit tests of every crate can use it.

pub mod redis_server;

pub mod examples;

pub use redis_server::{RedisOptions, RedisServer};
