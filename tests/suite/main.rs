//! The behaviour of the whole, a file a part of it.

mod component;
mod composed;
mod contract;
mod double;
mod redis_faults;
mod redis_wire;
mod sqlite;
mod stores;
