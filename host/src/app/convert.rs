//! Conversions between an application's WIT types and those of the API.

use std::time::Duration;

use flipcache_core as core;

use crate::bindings::exports::flipcache::cache::{cache, collections};
use crate::bindings::flipcache::cache::types;
use crate::{Error, Source};

impl From<cache::Options> for core::Options {
    fn from(options: cache::Options) -> Self {
        Self {
            local_max: options.local_max,
            local_max_bytes: options.local_max_bytes,
            eviction: match options.eviction {
                cache::Eviction::Fifo => core::Eviction::Fifo,
                cache::Eviction::Lru => core::Eviction::Lru,
                cache::Eviction::S3Fifo => core::Eviction::S3Fifo,
            },
            ttl: options.ttl_ms.map(Duration::from_millis),
            refresh_ttl_on_get: options.refresh_ttl_on_get,
            key_type: match options.key_type {
                cache::KeyType::Text => core::KeyType::Text,
                cache::KeyType::Integer => core::KeyType::Integer,
            },
            value_type: match options.value_type {
                cache::ValueType::Text => core::ValueType::Text,
                cache::ValueType::Integer => core::ValueType::Integer,
                cache::ValueType::Float => core::ValueType::Float,
                cache::ValueType::Boolean => core::ValueType::Boolean,
                cache::ValueType::Json => core::ValueType::Json,
                cache::ValueType::Bytes => core::ValueType::Bytes,
            },
            default: options.default.map(Into::into),
            store_default: options.store_default,
        }
    }
}

impl From<cache::Resilience> for core::Resilience {
    fn from(resilience: cache::Resilience) -> Self {
        Self {
            stale_on_error: Duration::from_millis(resilience.stale_on_error_ms),
            absent_ttl: Duration::from_millis(resilience.absent_ttl_ms),
            ttl_jitter_percent: resilience.ttl_jitter_percent,
            max_staleness: resilience.max_staleness_ms.map(Duration::from_millis),
        }
    }
}

impl From<Source> for cache::Source {
    fn from(source: Source) -> Self {
        match source {
            Source::Local => Self::Local,
            Source::Backend => Self::Backend,
            Source::Default => Self::Default,
            Source::Stale => Self::Stale,
            Source::None => Self::None,
        }
    }
}

impl From<core::Stats> for cache::Stats {
    fn from(stats: core::Stats) -> Self {
        Self {
            local_hits: stats.local_hits,
            backend_hits: stats.backend_hits,
            misses: stats.misses,
            stale_hits: stats.stale_hits,
            absent_hits: stats.absent_hits,
            removals: cache::Removals {
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

impl From<collections::Order> for core::Order {
    fn from(order: collections::Order) -> Self {
        match order {
            collections::Order::Fifo => Self::Fifo,
            collections::Order::Lru => Self::Lru,
        }
    }
}

/// Returns the expiry if an entry can have it.
pub(super) fn check_expiry(expiry: cache::Expiry) -> Result<core::Expiry, Error> {
    let millis = match expiry {
        cache::Expiry::AfterMs(millis) => millis,
        cache::Expiry::Inherit | cache::Expiry::Never => 0,
    };
    let expiry = core::Expiry::from(expiry);
    match expiry.ttl(None) {
        Ok(_) => Ok(expiry),
        Err(_) => Err(Error::InvalidTtl { millis }),
    }
}

/// Returns the remaining TTL in whole milliseconds, and never 0, which would mean absence.
pub(super) fn remaining_ttl(expiry: core::Expiry) -> cache::Expiry {
    match expiry {
        core::Expiry::Inherit => cache::Expiry::Inherit,
        core::Expiry::Never => cache::Expiry::Never,
        core::Expiry::After(ttl) => {
            let millis = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX);
            cache::Expiry::AfterMs(millis.max(1))
        }
    }
}

/// Returns the wire form of a value for a cache of the type `wanted`. The bytes of text are not
/// copied.
pub(super) fn encode(
    value: types::Value,
    wanted: core::ValueType,
) -> Result<Vec<u8>, core::InvalidValue> {
    match (value, wanted) {
        (types::Value::Text(text), core::ValueType::Text) => Ok(text.into_bytes()),
        (types::Value::Bytes(bytes), core::ValueType::Bytes) => Ok(bytes),
        (value, _) => Ok(core::Value::from(value).encode(wanted)?.into_owned()),
    }
}

/// Returns the value of a wire form. The tiers have checked its type; returns `None` if it is of
/// another type nevertheless. Owned text is not copied.
#[inline]
pub(super) fn decode(
    wire: impl AsRef<[u8]> + Into<Vec<u8>>,
    value_type: core::ValueType,
) -> Option<types::Value> {
    match value_type {
        core::ValueType::Bytes => Some(types::Value::Bytes(wire.into())),
        core::ValueType::Text => Some(types::Value::Text(String::from_utf8(wire.into()).ok()?)),
        core::ValueType::Json => Some(types::Value::Json(String::from_utf8(wire.into()).ok()?)),
        number => Some(number.decode(wire.as_ref()).ok()?.into()),
    }
}
