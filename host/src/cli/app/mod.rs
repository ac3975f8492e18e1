//! Applications: components that run in this program, with WASI and the cache linked.
//!
//! # Layout
//!
//! - `options`: the options; `application`: what the instances of one application share.
//! - `load`: reads a component from a file; `engine`: runs and interrupts it.
//! - `data`: the data of a store; `memory`: its limits; `denied`: outgoing requests.
//! - `stop`: the reasons why an instance was stopped.
//! - `run`, `serve`: the commands.

mod application;
mod data;
mod denied;
mod engine;
mod load;
mod memory;
mod options;
mod run;
mod serve;
mod stop;

pub(crate) use options::{RUN_HELP, RunOptions, SERVE_HELP, ServeOptions};
pub(crate) use run::run;
pub(crate) use serve::serve;
pub(crate) use stop::Stop;
