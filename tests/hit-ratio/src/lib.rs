//! Hit ratios: access traces, replayed through the core and through other caches of the same size,
//! entry by entry in one thread.
//!
//! # Layout
//!
//! - [`trace`]: what was asked for, read from a folder. [`capacity`]: how many entries a cache
//!   holds.
//! - [`policy`]: who is compared. `own` replays through the core, `peers` through other caches,
//!   `optimum` knows the future.
//! - [`table`]: what comes out. [`plot`](mod@plot): the same as bars.
//!
//! What it deliberately does not do: measure time, or entries of different sizes.

pub mod trace;

pub mod capacity;

pub mod policy;

mod own;

mod peers;

mod optimum;

pub mod table;

pub mod plot;
