//! `kv-backend` for guests. Arguments are checked; then a task of its own calls the backend, which
//! runs to completion even if the guest's store is dropped.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use flipcache_core::Expiry;
use tokio::task::JoinHandle;
use wasmtime::component::{Resource, ResourceTableError};

use super::KvCtxView;
use super::limits::Collected;
use crate::backend::{self, Access, BackendError, Bucket, KvBackend, Member, Mentions, describe};
use crate::bindings::flipcache::cache::kv_backend::{
    ChangedKeys, Changes, Entry, Host, HostBucket, Page, Slot,
};
use crate::bindings::flipcache::cache::types;
use crate::tenant::Tenant;

/// A bucket that a guest has opened.
pub struct OpenBucket {
    bucket: Bucket,
    /// The bucket whose changes are subscribed to. For a tenant, the one that contains all of its
    /// buckets.
    feed_bucket: Bucket,
    member: Member,
}

/// The error of a guest's call.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The guest gets this error.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// The guest is stopped: it used a handle that is not its own.
    #[error("no such bucket")]
    Trap(#[from] ResourceTableError),
}

type Called<T> = Result<T, CallError>;

impl types::Host for KvCtxView<'_> {
    fn convert_backend_error(&mut self, error: CallError) -> wasmtime::Result<types::BackendError> {
        match error {
            CallError::Backend(error) => Ok(error.into()),
            CallError::Trap(error) => Err(error.into()),
        }
    }
}

impl Host for KvCtxView<'_> {}

impl HostBucket for KvCtxView<'_> {
    async fn open(&mut self, name: String) -> Called<Resource<OpenBucket>> {
        let tenant = self.ctx.tenant.as_ref();
        let name = match tenant {
            Some(tenant) => tenant.full_name(&name).map_err(refused)?,
            None => name,
        };
        let bucket = Bucket::new(&name).map_err(refused)?;
        let feed_bucket = Bucket::new(tenant.map_or(&*name, Tenant::as_str)).map_err(refused)?;
        let member = Member::asking(self.ctx.backend.feed());
        Ok(self.table.push(OpenBucket {
            bucket,
            feed_bucket,
            member,
        })?)
    }

    async fn get(
        &mut self,
        this: Resource<OpenBucket>,
        keys: Vec<String>,
        new_ttl_ms: Option<u64>,
    ) -> Called<Vec<Slot>> {
        let limits = self.ctx.limits;
        limits.check_keys(keys.iter())?;
        let ttl = ttl(new_ttl_ms)?;
        let slots = self.start(&this, async move |backend, bucket, member| {
            let mentions = Mentions::of(keys.iter().map(String::as_str));
            let keys = mentions.last_of_each(keys);
            // With a TTL it is a write, too.
            let _publish = ttl.map(|_| Finally(|| member.publish_keys(&bucket, &keys)));
            let mut collected = Collected::new(&mentions, limits);
            while let Some(part) = collected.next_part() {
                let slots = backend.get(&bucket, &keys[part.clone()], ttl).await?;
                collected.take(part, slots)?;
            }
            Ok(collected.spread())
        })?;
        let slots = finish(slots, Access::Read).await?;
        Ok(slots.into_iter().map(Into::into).collect())
    }

    async fn set(
        &mut self,
        this: Resource<OpenBucket>,
        entries: Vec<(String, Vec<u8>)>,
        ttl_ms: Option<u64>,
    ) -> Called<()> {
        let limits = self.ctx.limits;
        limits.check_keys(entries.iter().map(|(key, _)| key))?;
        let ttl = ttl(ttl_ms)?;
        let written = self.start(&this, async move |backend, bucket, member| {
            let _told =
                Finally(|| member.publish_keys(&bucket, entries.iter().map(|(key, _)| key)));
            backend.set(&bucket, &entries, ttl).await
        })?;
        finish(written, Access::Write).await
    }

    async fn set_if_absent(
        &mut self,
        this: Resource<OpenBucket>,
        entries: Vec<(String, Vec<u8>)>,
        ttl_ms: Option<u64>,
    ) -> Called<Vec<Option<Slot>>> {
        let limits = self.ctx.limits;
        limits.check_keys(entries.iter().map(|(key, _)| key))?;
        let ttl = ttl(ttl_ms)?;
        let held = self.start(&this, async move |backend, bucket, member| {
            let mentions = Mentions::of(entries.iter().map(|(key, _)| key.as_str()));
            let entries = mentions.last_of_each(entries);
            let _told =
                Finally(|| member.publish_keys(&bucket, entries.iter().map(|(key, _)| key)));
            let mut collected = Collected::new(&mentions, limits);
            while let Some(part) = collected.next_part() {
                let happened = part.start > 0;
                let held = backend.set_if_absent(&bucket, &entries[part.clone()], ttl);
                let held = held.await;
                let held = held.map_err(|error| error.after_another_part(happened))?;
                collected.take(part, held)?;
            }
            Ok(collected.spread())
        })?;
        let held = finish(held, Access::Write).await?;
        Ok(held.into_iter().map(|slot| slot.map(Into::into)).collect())
    }

    async fn increment(
        &mut self,
        this: Resource<OpenBucket>,
        key: String,
        delta: i64,
        ttl_ms: Option<u64>,
    ) -> Called<i64> {
        self.ctx.limits.check_keys([&key].into_iter())?;
        let ttl = ttl(ttl_ms)?;
        let sum = self.start(&this, async move |backend, bucket, member| {
            let _publish = Finally(|| member.publish_keys(&bucket, [&key]));
            backend.increment(&bucket, &key, delta, ttl).await
        })?;
        finish(sum, Access::Write).await
    }

    async fn delete(&mut self, this: Resource<OpenBucket>, keys: Vec<String>) -> Called<u64> {
        self.ctx.limits.check_keys(keys.iter())?;
        let deleted = self.start(&this, async move |backend, bucket, member| {
            let _publish = Finally(|| member.publish_keys(&bucket, &keys));
            backend.delete(&bucket, &keys).await
        })?;
        finish(deleted, Access::Write).await
    }

    async fn exists(&mut self, this: Resource<OpenBucket>, keys: Vec<String>) -> Called<u64> {
        self.ctx.limits.check_keys(keys.iter())?;
        let count = self.start(&this, async move |backend, bucket, _| {
            backend.exists(&bucket, &keys).await
        })?;
        finish(count, Access::Read).await
    }

    async fn expire(
        &mut self,
        this: Resource<OpenBucket>,
        keys: Vec<String>,
        ttl_ms: Option<u64>,
    ) -> Called<Vec<bool>> {
        self.ctx.limits.check_keys(keys.iter())?;
        let ttl = ttl(ttl_ms)?;
        let existed = self.start(&this, async move |backend, bucket, member| {
            let _publish = Finally(|| member.publish_keys(&bucket, &keys));
            backend.expire(&bucket, &keys, ttl).await
        })?;
        finish(existed, Access::Write).await
    }

    async fn scan(
        &mut self,
        this: Resource<OpenBucket>,
        cursor: Option<String>,
        limit: u32,
    ) -> Called<Page> {
        let limits = self.ctx.limits;
        let limit = limits.page(limit);
        let page = self.start(&this, async move |backend, bucket, _| {
            let page = backend.scan(&bucket, cursor.as_deref(), limit).await?;
            limits.check_answer(page.keys.iter().map(String::len).sum())?;
            Ok(page)
        })?;
        let backend::Page { keys, cursor } = finish(page, Access::Read).await?;
        Ok(Page { keys, cursor })
    }

    async fn count(&mut self, this: Resource<OpenBucket>) -> Called<u64> {
        let count = self.start(&this, async move |backend, bucket, _| {
            backend.count(&bucket).await
        })?;
        finish(count, Access::Read).await
    }

    async fn clear(&mut self, this: Resource<OpenBucket>) -> Called<u64> {
        let deleted = self.start(&this, async move |backend, bucket, member| {
            let _publish = Finally(|| member.publish_all(&bucket));
            backend.clear(&bucket).await
        })?;
        finish(deleted, Access::Write).await
    }

    async fn changes(&mut self, this: Resource<OpenBucket>, since: Option<u64>) -> Called<Changes> {
        let limits = self.ctx.limits;
        let feed_bucket = self.table.get(&this)?.feed_bucket.clone();
        let changes = self.start(&this, async move |backend, bucket, member| {
            if since.is_none() {
                backend.subscribe(&feed_bucket).await?;
            }
            if !member.is_live() {
                let reason = "the feed of changes is disconnected at the moment";
                return Err(BackendError::Unavailable(reason.into()));
            }
            let changes = member.changes(since, &bucket);
            let reason = "the backend has no feed of changes";
            changes.ok_or_else(|| BackendError::Unsupported(reason.into()))
        })?;
        let backend::Changes { keys, cursor } = finish(changes, Access::Read).await?;
        // Without the keys the guest drops all entries, which is correct and costs the host
        // nothing.
        let keys = keys.filter(|keys| {
            let bytes = keys.iter().map(String::len).sum();
            limits.check_answer(bytes).is_ok()
        });
        let changed = keys.map_or(ChangedKeys::Unknown, ChangedKeys::Keys);
        Ok(Changes { changed, cursor })
    }

    async fn drop(&mut self, this: Resource<OpenBucket>) -> wasmtime::Result<()> {
        self.table.delete(this)?;
        Ok(())
    }
}

impl KvCtxView<'_> {
    /// Starts a backend call as a task.
    fn start<T, F>(
        &mut self,
        this: &Resource<OpenBucket>,
        call: impl FnOnce(Arc<dyn KvBackend>, Bucket, Member) -> F,
    ) -> Called<JoinHandle<Result<T, BackendError>>>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, BackendError>> + Send + 'static,
    {
        let OpenBucket { bucket, member, .. } = self.table.get(this)?;
        let call = call(self.ctx.backend.clone(), bucket.clone(), member.clone());
        let is_tenant = self.ctx.tenant.is_some();
        Ok(self.ctx.runtime.spawn(async move {
            call.await.map_err(|error| {
                if is_tenant {
                    error.without_cause()
                } else {
                    error
                }
            })
        }))
    }
}

/// Runs a function when it is dropped: after a write, even if the backend panics or the task is
/// cancelled. The write may take effect nevertheless, so other clients must be notified.
struct Finally<F: FnMut()>(F);

impl<F: FnMut()> Drop for Finally<F> {
    fn drop(&mut self) {
        (self.0)();
    }
}

/// Waits for the task of a backend call.
async fn finish<T>(task: JoinHandle<Result<T, BackendError>>, access: Access) -> Called<T> {
    let result = task.await.map_err(|error| {
        access.ended(if error.is_panic() {
            "the backend panicked"
        } else {
            "the call was cancelled"
        })
    })?;
    Ok(result?)
}

fn ttl(millis: Option<u64>) -> Result<Option<Duration>, BackendError> {
    let expiry = millis.map_or(Expiry::Never, |millis| {
        Expiry::After(Duration::from_millis(millis))
    });
    expiry.ttl(None).map_err(refused)
}

fn refused(error: impl Error + Send + Sync + 'static) -> BackendError {
    BackendError::Other(error.into())
}

impl From<backend::Slot> for Slot {
    fn from(slot: backend::Slot) -> Self {
        match slot {
            backend::Slot::Absent => Self::Absent,
            backend::Slot::WrongType => Self::WrongType,
            backend::Slot::Entry(backend::Entry { value, ttl }) => Self::Entry(Entry {
                value,
                // A remaining TTL is never 0, which would mean absence.
                ttl_ms: ttl.map(|ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1)),
            }),
        }
    }
}

impl From<BackendError> for types::BackendError {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::Unavailable(cause) => Self::Unavailable(describe(&*cause)),
            BackendError::OutcomeUnknown(cause) => Self::OutcomeUnknown(describe(&*cause)),
            BackendError::Timeout => Self::Timeout,
            BackendError::AccessDenied(cause) => Self::AccessDenied(describe(&*cause)),
            BackendError::TooLarge { limit } => Self::TooLarge(limit),
            BackendError::Unsupported(cause) => Self::Unsupported(describe(&*cause)),
            BackendError::Other(cause) => Self::Other(describe(&*cause)),
        }
    }
}
