//! The binary as a user drives it.

mod bench;
mod commands;
mod failures;
mod program;
mod shell;
mod tools;
