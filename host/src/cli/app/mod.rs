//! Applications: components that run here, with WASI and the cache linked.
//!
//! # Layout
//!
//! - `options`: what can be asked for; `application`: what the instances of one application share.
//! - `load`: from a file to a component; `engine`: what runs it, and interrupts it.
//! - `data`: what a store holds; `memory`: how much; `denied`: requests to other servers.
//! - `stop`: why an instance ended.
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
