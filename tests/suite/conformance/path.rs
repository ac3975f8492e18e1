//! What a case needs of a way to the component.

use anyhow::Result;
use serde_json::{Map, Value as Json};

/// An instance, over a store that was empty. The outer errors are those of a case that is written wrongly.
pub(crate) trait Path {
    fn open(
        &self,
        name: &str,
        options: &Map<String, Json>,
        resilience: Option<&Map<String, Json>>,
    ) -> Result<Opened>;

    fn open_dict(&self, order: &str, max_items: u32) -> Result<Opened>;

    /// Calls a function of the interface `coherence`.
    fn tell(&self, function: &str, with: &[Json]) -> Result<()>;
}

/// A handle, or the error that the component answers.
pub(crate) type Opened = Result<Box<dyn Handle>, Json>;

/// A handle of a cache or a dictionary.
pub(crate) trait Handle {
    fn call(&self, method: &str, with: &[Json]) -> Result<Answer>;
}

/// What the component answers: what `ok` holds, or an error.
pub(crate) type Answer = Result<Json, Json>;
