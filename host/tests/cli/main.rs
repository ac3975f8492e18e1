//! The binary as a user drives it.

#[cfg(target_os = "linux")]
mod asleep;
mod bench;
mod code_cache;
mod coherence;
mod commands;
mod composed;
mod failures;
mod keyvalue;
mod metrics;
mod program;
mod refusals;
mod run;
mod serve;
mod served;
mod shell;
mod sqlite;
mod stats;
mod tls;
mod tools;
#[cfg(feature = "opentelemetry")]
mod traces;
