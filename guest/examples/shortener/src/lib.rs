//! An example of an HTTP service: a URL shortener. Each request is an instance of its own; that
//! they share a local tier shows in the answers' header `x-cache`.
//!
//! ```console
//! $ make examples
//! $ flipcache serve target/examples/shortener.wasm --addr 127.0.0.1:8080
//! $ curl -d https://example.com/ http://127.0.0.1:8080/
//! 1
//! $ curl -i http://127.0.0.1:8080/1
//! ```
//!
//! # Layout
//!
//! - `service`: the entry, `wasi:http/incoming-handler`: requests in, replies out.
//! - `links`: the entries of the cache: the links, and the number of the next one.
//! - [`route`], [`code`], [`target`], [`reply`]: plain Rust without the cache.
//!
//! Every client may add links, and links may lead anywhere.

pub mod route;

pub mod code;

pub mod target;

pub mod reply;

#[cfg(target_arch = "wasm32")]
mod links;

#[cfg(target_arch = "wasm32")]
mod service;
