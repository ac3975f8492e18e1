//! Python's own `FlipCache` 1.3 and this cache over one Redis, each reading what the other wrote.
//!
//! # Layout
//!
//! [`venv`] makes a virtual environment with the package, [`peer`] runs Python in it, [`meeting`]
//! brings the two together, [`monitor`] listens to what they ask Redis. The rest are tests, a file
//! a subject.
//!
//! Doc comments name the sections of the package's reference that a test covers: 2, operations; 3,
//! expiry; 4, wire form; 5, commands; 9, the contract for shared data.

mod commands;
mod defaults;
mod enumeration;
mod expiry;
mod json;
mod keys;
mod meeting;
mod monitor;
mod peer;
mod reads;
mod typed;
pub(crate) mod venv;
mod writes;
