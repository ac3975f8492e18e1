//! The options of a cache, and the TTL of its entries.

use std::time::Duration;

use crate::name::KeyType;
use crate::value::{Value, ValueType};

/// The longest TTL: half of the milliseconds that Redis can count, so that now + TTL never
/// overflows.
pub const MAX_TTL: Duration = Duration::from_millis(i64::MAX as u64 / 2);

/// Which entry is evicted first from a full local tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eviction {
    /// The oldest insertion; neither a read nor an overwrite changes the order.
    #[default]
    Fifo,
    /// The least recently used; reads and overwrites count as uses.
    Lru,
    /// FIFO queues with a second chance and a memory of evicted keys (Yang et al., SOSP 2023).
    /// Reads and overwrites increment a use count and do not change the order. Entries read once
    /// are evicted soon.
    S3Fifo,
}

/// The options with which a cache is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Maximum entries of the local tier; 0 disables it.
    pub local_max: u32,
    /// Maximum bytes of keys and values in wire form in the local tier; `None` leaves only the
    /// shard's budget.
    pub local_max_bytes: Option<u64>,
    /// Which entry is evicted first.
    pub eviction: Eviction,
    /// TTL of entries, in both tiers; `None`: they do not expire. Not 0.
    pub ttl: Option<Duration>,
    /// Whether a read restarts the entry's TTL, in both tiers.
    pub refresh_ttl_on_get: bool,
    /// The type of keys.
    pub key_type: KeyType,
    /// The type of values.
    pub value_type: ValueType,
    /// The value that a read of an absent key returns.
    pub default: Option<Value>,
    /// Whether a read that returns the default also stores it, if the key is still absent.
    pub store_default: bool,
}

impl Default for Options {
    /// Returns the defaults of Python's `FlipCache`: 100 entries of text, FIFO, no TTL.
    fn default() -> Self {
        Self {
            local_max: 100,
            local_max_bytes: None,
            eviction: Eviction::default(),
            ttl: None,
            refresh_ttl_on_get: false,
            key_type: KeyType::default(),
            value_type: ValueType::default(),
            default: None,
            store_default: false,
        }
    }
}

/// An error in the options of a cache. The message names the option.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOptions(pub(crate) &'static str);

impl InvalidOptions {
    /// The default is not of the cache's value type.
    pub const DEFAULT: Self = Self("default: not of the cache's value type");
}

impl Options {
    /// Checks what can be checked without a backend.
    ///
    /// # Errors
    ///
    /// [`InvalidOptions`] if the TTL is 0 or longer than [`MAX_TTL`], or the default is not of the
    /// value type.
    pub fn check(&self) -> Result<(), InvalidOptions> {
        if self.ttl.is_some_and(|ttl| check_ttl(ttl).is_err()) {
            return Err(InvalidOptions("ttl: 0, or longer than Redis can count"));
        }
        let default = self.default.as_ref();
        if default.is_some_and(|default| default.encode(self.value_type).is_err()) {
            return Err(InvalidOptions::DEFAULT);
        }
        Ok(())
    }

    /// Returns whether a read still has to extend the TTL of an entry that L2 returned with this
    /// remaining TTL. Not every read extends it, because that is a write, which is published to all
    /// other caches.
    pub fn needs_ttl_extension(&self, remaining: Option<Duration>) -> bool {
        self.ttl_on_read()
            .is_some_and(|ttl| !is_fresh(remaining, ttl))
    }

    /// Returns the TTL that a read gives to the entry, if any.
    #[inline]
    pub fn ttl_on_read(&self) -> Option<Duration> {
        self.ttl.filter(|_| self.refresh_ttl_on_get)
    }
}

/// Returns whether an entry with this remaining TTL needs no extension.
pub(crate) fn is_fresh(remaining: Option<Duration>, ttl: Duration) -> bool {
    remaining.is_some_and(|remaining| remaining > ttl - ttl / 8 && remaining <= ttl)
}

/// The TTL of an entry that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// The TTL of the cache's options.
    #[default]
    Inherit,
    /// The entry does not expire.
    Never,
    /// The entry expires after this time. Not 0.
    After(Duration),
}

/// A TTL of 0, or one longer than [`MAX_TTL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TTL must be longer than 0 and no longer than Redis can count")]
pub struct InvalidTtl;

impl Expiry {
    /// Returns the TTL in a cache whose own TTL is `inherited`; `None`: no expiry.
    ///
    /// # Errors
    ///
    /// [`InvalidTtl`] if the TTL is shorter than a millisecond or longer than [`MAX_TTL`].
    pub fn ttl(self, inherited: Option<Duration>) -> Result<Option<Duration>, InvalidTtl> {
        match self {
            Self::Inherit => Ok(inherited),
            Self::Never => Ok(None),
            Self::After(ttl) => check_ttl(ttl).map(|()| Some(ttl)),
        }
    }
}

fn check_ttl(ttl: Duration) -> Result<(), InvalidTtl> {
    let counted = Duration::from_millis(1)..=MAX_TTL;
    counted.contains(&ttl).then_some(()).ok_or(InvalidTtl)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_ttl_of_zero_or_beyond_redis_is_refused() {
        for ttl in [
            Duration::ZERO,
            MAX_TTL + Duration::from_millis(1),
            Duration::MAX,
        ] {
            let options = Options {
                ttl: Some(ttl),
                ..Options::default()
            };
            assert!(options.check().is_err(), "{ttl:?}");
            assert_eq!(Expiry::After(ttl).ttl(None), Err(InvalidTtl), "{ttl:?}");
        }
        let options = Options {
            ttl: Some(MAX_TTL),
            ..Options::default()
        };
        assert_eq!(options.check(), Ok(()));
    }

    #[test]
    fn check_default_of_another_type_is_refused() {
        let default = Some(Value::Integer(1));
        let mut options = Options {
            default,
            ..Options::default()
        };
        assert!(options.check().is_err());
        options.value_type = ValueType::Integer;
        assert_eq!(options.check(), Ok(()));
    }
}
