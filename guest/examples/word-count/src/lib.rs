//! An example of a command: counts the words of a text, and tells for each which common word it is
//! most like, as a spelling checker would.
//!
//! That lookup goes through the cache. The first run computes each word once; words that come again
//! are answered by the local tier, and those of later runs by the shared one. The table shows which.
//!
//! ```console
//! $ make examples
//! $ flipcache run target/examples/word-count.wasm < README.md
//! ```
//!
//! # Layout
//!
//! - `command`: the entry, `wasi:cli/run`: standard streams, arguments, the exit code.
//! - `count`: the cached lookup, and what a run counts.
//! - [`words`], [`nearest`], [`table`]: plain Rust, which knows nothing of the cache.
//!
//! Instead of the standard library's input and output, which this target does not have, it uses WASI's.

pub mod words;

pub mod nearest;

pub mod table;

#[cfg(target_arch = "wasm32")]
mod count;

#[cfg(target_arch = "wasm32")]
mod command;
