//! Conversions between types generated from WIT and those of the API.

use std::time::Duration;

use flipcache_core as core;

use super::Source;
use crate::Error;
use crate::backend::BackendError;
use crate::bindings::exports::flipcache::cache::{cache, collections};
use crate::bindings::flipcache::cache::types;

impl From<core::Value> for types::Value {
    fn from(value: core::Value) -> Self {
        match value {
            core::Value::Text(text) => Self::Text(text),
            core::Value::Integer(number) => Self::Integer(number),
            core::Value::Float(number) => Self::Float(number),
            core::Value::Boolean(truth) => Self::Boolean(truth),
            core::Value::Json(text) => Self::Json(text),
            core::Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl From<types::Value> for core::Value {
    fn from(value: types::Value) -> Self {
        match value {
            types::Value::Text(text) => Self::Text(text),
            types::Value::Integer(number) => Self::Integer(number),
            types::Value::Float(number) => Self::Float(number),
            types::Value::Boolean(truth) => Self::Boolean(truth),
            types::Value::Json(text) => Self::Json(text),
            types::Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl From<&core::Options> for cache::Options {
    fn from(options: &core::Options) -> Self {
        Self {
            local_max: options.local_max,
            local_max_bytes: options.local_max_bytes,
            eviction: match options.eviction {
                core::Eviction::Fifo => cache::Eviction::Fifo,
                core::Eviction::Lru => cache::Eviction::Lru,
                core::Eviction::S3Fifo => cache::Eviction::S3Fifo,
            },
            ttl_ms: options.ttl.map(millis),
            refresh_ttl_on_get: options.refresh_ttl_on_get,
            key_type: match options.key_type {
                core::KeyType::Text => cache::KeyType::Text,
                core::KeyType::Integer => cache::KeyType::Integer,
            },
            value_type: match options.value_type {
                core::ValueType::Text => cache::ValueType::Text,
                core::ValueType::Integer => cache::ValueType::Integer,
                core::ValueType::Float => cache::ValueType::Float,
                core::ValueType::Boolean => cache::ValueType::Boolean,
                core::ValueType::Json => cache::ValueType::Json,
                core::ValueType::Bytes => cache::ValueType::Bytes,
            },
            default: options.default.clone().map(Into::into),
            store_default: options.store_default,
        }
    }
}

impl From<core::Resilience> for cache::Resilience {
    fn from(resilience: core::Resilience) -> Self {
        Self {
            stale_on_error_ms: millis(resilience.stale_on_error),
            absent_ttl_ms: millis(resilience.absent_ttl),
            ttl_jitter_percent: resilience.ttl_jitter_percent,
            max_staleness_ms: resilience.max_staleness.map(millis),
        }
    }
}

impl From<core::Expiry> for cache::Expiry {
    fn from(expiry: core::Expiry) -> Self {
        match expiry {
            core::Expiry::Inherit => Self::Inherit,
            core::Expiry::Never => Self::Never,
            core::Expiry::After(ttl) => Self::AfterMs(millis(ttl)),
        }
    }
}

impl From<cache::Expiry> for core::Expiry {
    fn from(expiry: cache::Expiry) -> Self {
        match expiry {
            cache::Expiry::Inherit => Self::Inherit,
            cache::Expiry::Never => Self::Never,
            cache::Expiry::AfterMs(millis) => Self::After(Duration::from_millis(millis)),
        }
    }
}

impl From<cache::Source> for Source {
    fn from(source: cache::Source) -> Self {
        match source {
            cache::Source::Local => Self::Local,
            cache::Source::Backend => Self::Backend,
            cache::Source::Default => Self::Default,
            cache::Source::Stale => Self::Stale,
            cache::Source::None => Self::None,
        }
    }
}

impl From<cache::Stats> for core::Stats {
    fn from(stats: cache::Stats) -> Self {
        Self {
            local_hits: stats.local_hits,
            backend_hits: stats.backend_hits,
            misses: stats.misses,
            stale_hits: stats.stale_hits,
            absent_hits: stats.absent_hits,
            removals: core::Removals {
                size: stats.removals.size,
                expired: stats.removals.expired,
                explicit: stats.removals.explicit,
                replaced: stats.removals.replaced,
                invalidated: stats.removals.invalidated,
                flushed: stats.removals.flushed,
            },
            refused_fills: stats.refused_fills,
            too_large: stats.too_large,
            backend_errors: stats.backend_errors,
            local_len: stats.local_len,
            local_bytes: stats.local_bytes,
        }
    }
}

/// Returns whole milliseconds, rounded up, so that a short TTL does not become 0.
fn millis(duration: Duration) -> u64 {
    let nanos = duration.as_nanos().div_ceil(1_000_000);
    u64::try_from(nanos).unwrap_or(u64::MAX)
}

impl From<cache::Error> for Error {
    fn from(error: cache::Error) -> Self {
        match error {
            cache::Error::InvalidName(why) => Self::InvalidName(why),
            cache::Error::InvalidOptions(why) => Self::InvalidOptions(why),
            cache::Error::Conflict(why) => Self::Conflict(why),
            cache::Error::Denied(why) => Self::Denied(why),
            cache::Error::InvalidKey(key) => Self::InvalidKey { key },
            cache::Error::InvalidValue(why) => Self::InvalidValue(why),
            cache::Error::InvalidTtl(millis) => Self::InvalidTtl { millis },
            cache::Error::TooLarge(limit) => Self::TooLarge { limit },
            cache::Error::Undecodable(key) => Self::Undecodable { key },
            cache::Error::WrongType(key) => Self::WrongType { key },
            cache::Error::Backend(error) => Self::Backend(error.into()),
        }
    }
}

impl From<collections::Error> for Error {
    fn from(error: collections::Error) -> Self {
        match error {
            collections::Error::InvalidCapacity => Self::InvalidCapacity,
            collections::Error::TooLarge(limit) => Self::TooLarge { limit },
        }
    }
}

impl From<types::BackendError> for BackendError {
    fn from(error: types::BackendError) -> Self {
        match error {
            types::BackendError::Unavailable(why) => Self::Unavailable(why.into()),
            types::BackendError::OutcomeUnknown(why) => Self::OutcomeUnknown(why.into()),
            types::BackendError::Timeout => Self::Timeout,
            types::BackendError::AccessDenied(why) => Self::AccessDenied(why.into()),
            types::BackendError::TooLarge(limit) => Self::TooLarge { limit },
            types::BackendError::Unsupported(why) => Self::Unsupported(why.into()),
            types::BackendError::Other(why) => Self::Other(why.into()),
        }
    }
}
