//! What a cache is told at its opening, and how long its entries live.

use std::time::Duration;

use crate::name::KeyType;
use crate::value::{Value, ValueType};

/// The longest TTL: half of what Redis can count in milliseconds, so that now + TTL never overflows.
pub const MAX_TTL: Duration = Duration::from_millis(i64::MAX as u64 / 2);

/// Which entry leaves a full local tier first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Eviction {
    /// The one that entered first; neither a read nor an overwrite moves it.
    #[default]
    Fifo,
    /// The one not used for longest; a read and an overwrite are uses.
    Lru,
    /// FIFO queues with a second chance, and a memory of what has left (Yang et al., SOSP 2023). A read and an
    /// overwrite are uses: they are counted, and move nothing. What is read once leaves soon.
    S3Fifo,
}

/// How a cache is opened.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Entries that the local tier holds; 0: no local tier.
    pub local_max: u32,
    /// Bytes of keys and values in wire form that the local tier holds; `None`: the shard's budget alone.
    pub local_max_bytes: Option<u64>,
    /// Which entry leaves first.
    pub eviction: Eviction,
    /// Time to live of entries, in both tiers; `None`: they do not expire. Not 0.
    pub ttl: Option<Duration>,
    /// A read starts the entry's TTL anew, in both tiers.
    pub refresh_ttl_on_get: bool,
    /// What keys are.
    pub key_type: KeyType,
    /// What values are.
    pub value_type: ValueType,
    /// What a read of an absent key answers.
    pub default: Option<Value>,
    /// A read that answers the default also stores it, if the key is still absent.
    pub store_default: bool,
}

impl Default for Options {
    /// As Python's `FlipCache` has them: 100 entries of text, FIFO, without a TTL.
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

/// Why a cache cannot be opened with these options. The message names the option.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidOptions(pub(crate) &'static str);

impl InvalidOptions {
    /// The default is not of the cache's value type.
    pub const DEFAULT: Self = Self("default: not of the cache's value type");
}

impl Options {
    /// Checks what can be told without a store.
    ///
    /// # Errors
    ///
    /// [`InvalidOptions`] for a TTL of 0 or beyond [`MAX_TTL`], and a default that is not of the value
    /// type.
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

    /// Whether a read has still to give its TTL anew to an entry that L2 has answered with so much life
    /// left. Not to every one it reads: that is a write, of which all other caches are told.
    pub fn needs_ttl_extension(&self, remaining: Option<Duration>) -> bool {
        self.ttl_on_read()
            .is_some_and(|ttl| !is_fresh(remaining, ttl))
    }

    /// The TTL that a read gives to what it reads, if any.
    #[inline]
    pub fn ttl_on_read(&self) -> Option<Duration> {
        self.ttl.filter(|_| self.refresh_ttl_on_get)
    }
}

/// Whether an entry with so much life left need not be given the TTL anew.
pub(crate) fn is_fresh(remaining: Option<Duration>, ttl: Duration) -> bool {
    remaining.is_some_and(|remaining| remaining > ttl - ttl / 8 && remaining <= ttl)
}

/// How long an entry lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expiry {
    /// As long as the cache's options say.
    #[default]
    Inherit,
    /// Without end.
    Never,
    /// So long. Not 0.
    After(Duration),
}

/// A TTL of 0, or one beyond [`MAX_TTL`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a TTL must be longer than 0 and no longer than Redis can count")]
pub struct InvalidTtl;

impl Expiry {
    /// The TTL that this means in a cache whose own is `inherited`; `None`: no end.
    ///
    /// # Errors
    ///
    /// [`InvalidTtl`] for a TTL of less than a millisecond or beyond [`MAX_TTL`].
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
