//! The behaviour of the whole, a file a part of it.

mod api;
mod breaker;
mod codec;
mod coherence;
mod component;
mod composed;
mod conformance;
mod contract;
mod double;
mod examples;
mod linked;
mod middleware;
mod mistakes;
mod paths;
mod python;
mod redis_acl;
mod redis_cluster;
mod redis_faults;
mod redis_sentinel;
mod redis_tls;
mod redis_wire;
mod resilience;
mod sdk;
mod seeing;
mod sqlite;
mod stores;
