//! What Python's `FlipCache` 1.3 gets wrong, and this must not: a test each, named after it.
//!
//! Doc comments give the number in the package's reference. Those that are missing here stand with
//! what they belong to, in the suite's other files, under `/// Q` and their number.

mod answers;
mod keys;
mod listing;
mod sharing;
