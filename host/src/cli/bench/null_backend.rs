//! A backend that stores nothing, so that memory grows only by the local tier.

use std::time::Duration;

use async_trait::async_trait;
use flipcache::backend::{BackendError, Bucket, KvBackend, Page, Slot};

/// Accepts every write and stores nothing.
pub(super) struct NullBackend;

#[async_trait]
impl KvBackend for NullBackend {
    async fn get(
        &self,
        _: &Bucket,
        keys: &[String],
        _: Option<Duration>,
    ) -> Result<Vec<Slot>, BackendError> {
        Ok(vec![Slot::Absent; keys.len()])
    }

    async fn set(
        &self,
        _: &Bucket,
        _: &[(String, Vec<u8>)],
        _: Option<Duration>,
    ) -> Result<(), BackendError> {
        Ok(())
    }

    async fn set_if_absent(
        &self,
        _: &Bucket,
        entries: &[(String, Vec<u8>)],
        _: Option<Duration>,
    ) -> Result<Vec<Option<Slot>>, BackendError> {
        Ok(vec![None; entries.len()])
    }

    async fn increment(
        &self,
        _: &Bucket,
        _: &str,
        delta: i64,
        _: Option<Duration>,
    ) -> Result<i64, BackendError> {
        Ok(delta)
    }

    async fn delete(&self, _: &Bucket, _: &[String]) -> Result<u64, BackendError> {
        Ok(0)
    }

    async fn exists(&self, _: &Bucket, _: &[String]) -> Result<u64, BackendError> {
        Ok(0)
    }

    async fn expire(
        &self,
        _: &Bucket,
        keys: &[String],
        _: Option<Duration>,
    ) -> Result<Vec<bool>, BackendError> {
        Ok(vec![false; keys.len()])
    }

    async fn scan(&self, _: &Bucket, _: Option<&str>, _: u32) -> Result<Page, BackendError> {
        Ok(Page::default())
    }

    async fn count(&self, _: &Bucket) -> Result<u64, BackendError> {
        Ok(0)
    }

    async fn clear(&self, _: &Bucket) -> Result<u64, BackendError> {
        Ok(0)
    }
}
