//! An example of a command: counts the words of a text, and prints for each the most similar common
//! word, as a spelling checker would.
//!
//! That look-up goes through the cache. The first run computes each word once; the local tier
//! serves repeated words, and L2 those of later runs. The table shows which.
//!
//! ```console
//! $ make examples
//! $ flipcache run target/examples/word-count.wasm < README.md
//! ```
//!
//! # Layout
//!
//! - `command`: the entry, `wasi:cli/run`: standard streams, arguments, the exit code.
//! - `count`: the cached look-up, and the sums of a run.
//! - [`words`], [`nearest`], [`table`]: plain Rust without the cache.
//!
//! Instead of the standard library's input and output, which this target does not have, it uses
//! WASI's.

pub mod words;

pub mod nearest;

pub mod table;

#[cfg(target_arch = "wasm32")]
mod count;

#[cfg(target_arch = "wasm32")]
mod command;
