//! Entries that are loaded anew before they end, while they go on answering.

use std::sync::Arc;
use std::time::Duration;

use flipcache_core::Ticket;

use super::Handle;
use super::write::random;
use crate::Error;
use crate::backend::{Access, describe};

impl Handle {
    /// Has the value of a live entry loaded anew if its life ends within this time, once for an entry. What
    /// was loaded is written only if nothing has happened to the key since, and L2 still has it. If loading
    /// fails, the entry ends as it would have.
    pub(super) fn refresh_ahead<F>(self: &Arc<Self>, key: &str, within: Duration, load: F)
    where
        F: Future<Output = Result<Vec<u8>, Error>> + Send + 'static,
    {
        let hash = self.hash(key);
        let claim = self.if_heard(hash, |shard| {
            shard.refresh_claim(self.cache(), hash, key, within)
        });
        let Some(ticket) = claim else { return };
        let (this, key) = (Arc::clone(self), key.to_owned());
        self.driver.runtime.spawn(async move {
            match this.load_anew(hash, key, ticket, load).await {
                Ok(true) => tracing::debug!(cache = this.name, "loaded an entry ahead of its end"),
                Ok(false) => {
                    tracing::debug!(
                        cache = this.name,
                        "an entry changed while it was loaded anew"
                    );
                }
                Err(error) => {
                    let error = describe(&error);
                    tracing::warn!(cache = this.name, error, "cannot load an entry anew");
                }
            }
        });
    }

    async fn load_anew(
        self: &Arc<Self>,
        hash: u64,
        key: String,
        since: Ticket,
        load: impl Future<Output = Result<Vec<u8>, Error>>,
    ) -> Result<bool, Error> {
        let entry = [(key, load.await?)];
        self.check(&entry)?;
        let [(key, wire)] = entry;
        self.replace(hash, key, wire, since).await
    }

    /// Writes a value in the place of one that L2 has, if changes are heard, and nothing has happened to the key
    /// since its ticket was given. Answers whether it did.
    async fn replace(
        self: &Arc<Self>,
        hash: u64,
        key: String,
        wire: Vec<u8>,
        since: Ticket,
    ) -> Result<bool, Error> {
        let this = Arc::clone(self);
        self.finished(async move {
            let ttl = this.resilience.shorten(this.options.ttl, random());
            let keys = [(hash, key.as_str())];
            this.tell_others(&keys);
            // While changes go unheard, nobody knows whether something has happened.
            let ticket = this.if_heard(hash, |shard| {
                let is_current = shard.ticket(this.cache(), hash, &key).joins(since);
                let mut tickets = match is_current {
                    true => shard.begin_writes(this.cache(), &keys),
                    false => Vec::new(),
                };
                tickets.pop()
            });
            let Some(ticket) = ticket else {
                return Ok(false);
            };
            let driver = &this.driver;
            let written = driver
                .backend
                .set_if_present(&this.bucket, &key, &wire, ttl);
            let written = driver.call(Access::Write, written).await;
            let kept = matches!(written, Ok(true)).then_some((wire.as_slice(), ttl));
            this.end(vec![(hash, ticket)], [(key.as_str(), kept)]);
            this.noted(written)
        })
        .await
    }
}
