//! Runs the cache component: an instance of it, its caches and its dictionaries.
//!
//! Every other host of the component uses it in the same way: through the typed exports, with
//! `kv-backend` imported. An [`Instance`] runs one call at a time. A call that waits for the
//! backend delays the others.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use flipcache::backend::memory::MemoryBackend;
//! use flipcache::component::Instance;
//! use flipcache::{Expiry, Options, Value};
//!
//! let instance = Instance::builder(Arc::new(MemoryBackend::new())).build()?;
//! let cache = instance.open("user", Options::default())?;
//! cache.set("1", Value::Text("Ada".into()), Expiry::Inherit)?;
//! assert_eq!(cache.get("1")?.value, Some(Value::Text("Ada".into())));
//! # Ok::<(), flipcache::component::CacheError>(())
//! ```

mod cache;
mod convert;
mod dict;
mod engine;
mod instance;

pub use crate::{Error as CacheError, Found, Source};
pub use cache::Cache;
pub use dict::Dict;
pub use instance::{Instance, InstanceBuilder};
