//! Conversions between the types generated from WIT and the core's.

use std::time::Duration;

use flipcache_core as core;

use crate::bindings::exports::flipcache::cache::cache::{
    Error, Eviction, Expiry, KeyType, Options, Removals, Resilience, Stats, ValueType,
};
use crate::bindings::exports::flipcache::cache::driver::{Bounds, Ticket};
use crate::bindings::flipcache::cache::kv_backend::Slot;
use crate::bindings::flipcache::cache::types::{BackendError, Value};

/// Converts a TTL to milliseconds. The core accepts none that does not fit.
pub(crate) fn to_millis(ttl: Duration) -> u64 {
    u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX)
}

/// Converts a slot of L2 for the core; an absence is cached for `remember`.
pub(crate) fn answer(slot: &Slot, remember: Duration) -> core::BackendReply<'_> {
    match slot {
        Slot::Absent => core::BackendReply::Absent { remember },
        Slot::WrongType => core::BackendReply::WrongType,
        Slot::Entry(entry) => core::BackendReply::Entry {
            value: &entry.value,
            ttl: entry.ttl_ms.map(Duration::from_millis),
        },
    }
}

impl From<Value> for core::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Text(text) => Self::Text(text),
            Value::Integer(number) => Self::Integer(number),
            Value::Float(number) => Self::Float(number),
            Value::Boolean(truth) => Self::Boolean(truth),
            Value::Json(text) => Self::Json(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
        }
    }
}

impl From<core::Value> for Value {
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

impl From<ValueType> for core::ValueType {
    fn from(value_type: ValueType) -> Self {
        match value_type {
            ValueType::Text => Self::Text,
            ValueType::Integer => Self::Integer,
            ValueType::Float => Self::Float,
            ValueType::Boolean => Self::Boolean,
            ValueType::Json => Self::Json,
            ValueType::Bytes => Self::Bytes,
        }
    }
}

impl From<Eviction> for core::Eviction {
    fn from(eviction: Eviction) -> Self {
        match eviction {
            Eviction::Fifo => Self::Fifo,
            Eviction::Lru => Self::Lru,
            Eviction::S3Fifo => Self::S3Fifo,
        }
    }
}

impl From<Bounds> for core::Bounds {
    fn from(bounds: Bounds) -> Self {
        Self {
            max_entries: bounds.max_entries,
            max_bytes: bounds.max_bytes,
            eviction: bounds.eviction.into(),
            value_type: bounds.value_type.into(),
            keep_expired: Duration::from_millis(bounds.keep_expired_ms),
        }
    }
}

impl From<Ticket> for core::Ticket {
    fn from(ticket: Ticket) -> Self {
        Self {
            version: ticket.version,
            asked: core::Moment::from_nanos(ticket.asked_ns),
        }
    }
}

impl From<core::Ticket> for Ticket {
    fn from(ticket: core::Ticket) -> Self {
        Self {
            version: ticket.version,
            asked_ns: ticket.asked.as_nanos(),
        }
    }
}

impl From<Options> for core::Options {
    fn from(options: Options) -> Self {
        Self {
            local_max: options.local_max,
            local_max_bytes: options.local_max_bytes,
            eviction: options.eviction.into(),
            ttl: options.ttl_ms.map(Duration::from_millis),
            refresh_ttl_on_get: options.refresh_ttl_on_get,
            key_type: match options.key_type {
                KeyType::Text => core::KeyType::Text,
                KeyType::Integer => core::KeyType::Integer,
            },
            value_type: options.value_type.into(),
            default: options.default.map(Into::into),
            store_default: options.store_default,
        }
    }
}

impl From<Resilience> for core::Resilience {
    fn from(resilience: Resilience) -> Self {
        Self {
            stale_on_error: Duration::from_millis(resilience.stale_on_error_ms),
            absent_ttl: Duration::from_millis(resilience.absent_ttl_ms),
            ttl_jitter_percent: resilience.ttl_jitter_percent,
            max_staleness: resilience.max_staleness_ms.map(Duration::from_millis),
        }
    }
}

impl From<Expiry> for core::Expiry {
    fn from(expiry: Expiry) -> Self {
        match expiry {
            Expiry::Inherit => Self::Inherit,
            Expiry::Never => Self::Never,
            Expiry::AfterMs(millis) => Self::After(Duration::from_millis(millis)),
        }
    }
}

impl From<core::Stats> for Stats {
    fn from(stats: core::Stats) -> Self {
        Self {
            local_hits: stats.local_hits,
            backend_hits: stats.backend_hits,
            misses: stats.misses,
            stale_hits: stats.stale_hits,
            absent_hits: stats.absent_hits,
            removals: Removals {
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

impl From<core::OpenError> for Error {
    fn from(error: core::OpenError) -> Self {
        let message = error.to_string();
        match error {
            core::OpenError::Name(_) => Self::InvalidName(message),
            core::OpenError::Options(_) => Self::InvalidOptions(message),
            core::OpenError::Conflict => Self::Conflict(message),
            core::OpenError::TooMany(_) | core::OpenError::TooManyOfTenant(_) => {
                Self::Denied(message)
            }
        }
    }
}

impl From<core::InvalidOptions> for Error {
    fn from(error: core::InvalidOptions) -> Self {
        Self::InvalidOptions(error.to_string())
    }
}

impl From<core::InvalidValue> for Error {
    fn from(error: core::InvalidValue) -> Self {
        Self::InvalidValue(error.to_string())
    }
}

impl From<BackendError> for Error {
    fn from(error: BackendError) -> Self {
        match error {
            BackendError::TooLarge(limit) => Self::TooLarge(limit),
            error => Self::Backend(error),
        }
    }
}
