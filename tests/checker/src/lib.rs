//! A proof by history: processes of the cache and plain writers work on one Redis while the network,
//! Redis and the processes themselves fail; all write down what they are answered, and what is written
//! down is checked afterwards.
//!
//! # Layout
//!
//! - [`plan`]: what is to happen, from a seed. [`run`]: makes it happen. [`worker`]: one process.
//! - [`history`]: what happened. [`truth`]: what Redis held. [`check`](mod@check): the rules.
//!
//! What it deliberately does not do: replay a run exactly. The schedule and each caller's sequence
//! follow from the seed; how they interleave does not. A history can be checked again.

pub mod check;

pub mod history;

pub mod truth;

pub mod plan;

#[cfg(feature = "stage")]
pub mod run;

pub mod worker;

pub mod time;

mod names;

mod ticker;
