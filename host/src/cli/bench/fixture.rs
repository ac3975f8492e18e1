//! The data of the operations: keys and values, and caches that hold them.

use std::sync::Arc;

use flipcache::{Cache, Client, Eviction, Json};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::NAME;
use super::baseline::Baseline;
use super::target::BenchTarget;
use crate::cli::failure::Failure;

/// How many entries are written in one round trip.
const BATCH: usize = 1_000;

/// The keys and values of the original's benchmark, `i` and `2 * i`, and the caches with them.
pub(super) struct Fixture {
    pub(super) keys: Vec<String>,
    pub(super) values: Vec<String>,
    /// Has all of them in its local tier.
    pub(super) cache: Cache,
    /// Has a document for each key in its local tier.
    pub(super) json: Cache<Json<Value>>,
    /// Has no local tier.
    pub(super) uncached: Cache,
    pub(super) baseline: Baseline,
}

impl Fixture {
    /// Opens the caches and writes the data for reads. Each cache has a client of its own, so that
    /// no client knows of another.
    ///
    /// # Errors
    ///
    /// The errors of the backend.
    pub(super) async fn open(
        target: &BenchTarget,
        keys: u32,
        eviction: Eviction,
    ) -> Result<Self, Failure> {
        let client = || {
            let client = Client::builder(Arc::clone(&target.backend));
            client.runtime(Handle::current()).build()
        };
        // Twice as many, because keys are not spread evenly over shards.
        let local_max = keys.saturating_mul(2);
        let local = client()?
            .cache(NAME)
            .local_max(local_max)
            .eviction(eviction);
        let json = client()?.cache(&format!("{NAME}:json"));
        let json = json.json().local_max(local_max).eviction(eviction);
        let texts = |factor: u64| (0..u64::from(keys)).map(move |i| (i * factor).to_string());
        let fixture = Self {
            keys: texts(1).collect(),
            values: texts(2).collect(),
            cache: local.open()?,
            json: json.open()?,
            uncached: client()?.cache(NAME).local_max(0).open()?,
            baseline: Baseline::open(target, texts(1).zip(texts(2))).await?,
        };
        fixture.fill().await?;
        Ok(fixture)
    }

    async fn fill(&self) -> Result<(), Failure> {
        let document = document();
        let entries: Vec<(&str, &str)> = self
            .keys
            .iter()
            .map(String::as_str)
            .zip(self.values.iter().map(String::as_str))
            .collect();
        for entries in entries.chunks(BATCH) {
            self.cache.set_many(entries.iter().copied()).await?;
            let documents = entries.iter().map(|(key, _)| (*key, &document));
            self.json.set_many(documents).await?;
        }
        Ok(())
    }
}

/// Returns a JSON value of about 1 KB, such as the profile of a user.
fn document() -> Value {
    let places: Vec<Value> = (0..8)
        .map(|i| json!({"id": i, "city": "Reykjavik", "street": "Laugavegur", "primary": i == 0, "latitude": 64.14}))
        .collect();
    json!({
        "id": 4_711,
        "name": "Ada Lovelace",
        "active": true,
        "score": 0.75,
        "tags": ["mathematics", "engines", "poetry"],
        "places": places,
        "notes": "She saw what the engine could do before there was one. ".repeat(3),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn document_as_text_is_about_a_kilobyte() {
        let length = document().to_string().len();
        assert!(
            (950..1_100).contains(&length),
            "the row is called json_1k; make the document 1 KB long, not {length}"
        );
    }
}
