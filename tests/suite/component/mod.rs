//! The built component, seen from outside: through its typed exports, over every backend.

mod bad_input;
mod caches;
mod coherence;
mod collections;
mod expiry;
mod faults;
mod file;
mod memory;
mod tiers;
mod wire;
pub(crate) mod world;
