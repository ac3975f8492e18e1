//! The binary as a user drives it.

mod bench;
mod commands;
mod failures;
mod program;
mod run;
mod serve;
mod served;
mod shell;
mod tools;
