//! The binary as a user drives it.

mod bench;
mod coherence;
mod commands;
mod composed;
mod failures;
mod program;
mod run;
mod serve;
mod served;
mod shell;
mod tls;
mod tools;
