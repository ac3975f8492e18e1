//! Checks consistency by histories. Processes of the cache and external writers work on one Redis
//! while the network, Redis and the processes themselves fail. All record the results of their
//! calls, and the records are checked afterwards.
//!
//! # Layout
//!
//! - [`plan`]: the schedule of a run, from a seed. [`run`]: executes it. [`worker`]: one process.
//! - [`history`]: what happened. [`oracle`]: what Redis held. [`check`](mod@check): the rules.
//!
//! It deliberately does not replay a run exactly. The schedule and each caller's sequence follow
//! from the seed; their interleaving does not. A history can be checked again.

pub mod check;

pub mod history;

pub mod oracle;

pub mod plan;

#[cfg(feature = "testbed")]
pub mod run;

pub mod worker;

pub mod time;

mod names;

mod ticker;
