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
mod output;
mod program;
mod refusals;
mod run;
mod serve;
mod served;
mod shell;
#[cfg(unix)]
mod signals;
mod sqlite;
mod stats;
#[cfg(unix)]
mod terminal;
mod tls;
mod tools;
#[cfg(feature = "opentelemetry")]
mod traces;
#[cfg(target_os = "linux")]
mod wording;
