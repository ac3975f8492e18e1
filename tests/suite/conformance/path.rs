//! The entries to the component, as cases use them.

use anyhow::Result;
use serde_json::{Map, Value as Json};

/// An instance over an empty store. The outer errors mean a malformed case.
pub(crate) trait Path {
    fn open(
        &self,
        name: &str,
        options: &Map<String, Json>,
        resilience: Option<&Map<String, Json>>,
    ) -> Result<Opened>;

    fn open_dict(&self, order: &str, max_items: u32) -> Result<Opened>;

    /// Calls a function of the interface `coherence`.
    fn coherence(&self, function: &str, with: &[Json]) -> Result<()>;
}

/// A handle, or the error that the component returned.
pub(crate) type Opened = Result<Box<dyn Handle>, Json>;

/// A handle of a cache or a dictionary.
pub(crate) trait Handle {
    fn call(&self, method: &str, with: &[Json]) -> Result<Returned>;
}

/// The result of a call: the payload of `ok`, or an error.
pub(crate) type Returned = Result<Json, Json>;
