//! What the tests share: servers of their own.
//!
//! # Layout
//!
//! [`components`] are files that hosts run.
//! [`redis_server`] starts Redis servers, one for each test that needs one.
//!
//! It depends on nothing that is tested, so that the unit tests of every crate can use it.

pub mod components;
pub mod redis_server;

pub use redis_server::{RedisOptions, RedisServer};
