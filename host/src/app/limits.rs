//! The limits of a grant.

use flipcache_core::Options;

use crate::Error;

/// See the methods of the same names of [`GrantBuilder`](super::GrantBuilder).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_names: usize,
    pub(super) max_handles: usize,
    pub(super) max_local_entries: u32,
    pub(super) max_local_bytes: u64,
    pub(super) max_batch: usize,
    pub(super) max_value_bytes: usize,
    pub(super) max_answer_bytes: usize,
    pub(super) dict_bytes: u64,
}

/// The reason why a grant denies a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    #[error("the host does not grant this name")]
    Name,
    #[error("the host grants no more than {0} names")]
    Names(usize),
    #[error("the host grants no more than {0} caches and dictionaries open at one time")]
    Handles(usize),
    #[error("the host grants no more than {0} keys in one call")]
    Batch(usize),
}

impl Denied {
    /// Returns the option of this project's own host that grants more, as the end of a sentence.
    pub(super) fn option(self) -> &'static str {
        match self {
            Self::Names(_) => " (`--max-names` of `flipcache run` and `flipcache serve`)",
            Self::Name | Self::Handles(_) | Self::Batch(_) => "",
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_names: 16,
            max_handles: 64,
            max_local_entries: 10_000,
            max_local_bytes: 8 << 20,
            max_batch: 1_024,
            max_value_bytes: 1 << 20,
            max_answer_bytes: 64 << 20,
            dict_bytes: 16 << 20,
        }
    }
}

impl Limits {
    /// Returns options with no more than is granted.
    pub(super) fn bound(&self, options: Options) -> Options {
        let bytes = options.local_max_bytes.unwrap_or(u64::MAX);
        Options {
            local_max: options.local_max.min(self.max_local_entries),
            local_max_bytes: Some(bytes.min(self.max_local_bytes)),
            ..options
        }
    }

    pub(super) fn check_handles(&self, open: usize) -> Result<(), Denied> {
        let limit = self.max_handles;
        (open < limit).then_some(()).ok_or(Denied::Handles(limit))
    }

    pub(super) fn check_batch(&self, keys: usize) -> Result<(), Denied> {
        let limit = self.max_batch;
        (keys <= limit).then_some(()).ok_or(Denied::Batch(limit))
    }

    pub(super) fn check_value(&self, len: usize) -> Result<(), Error> {
        let limit = self.max_value_bytes;
        (len <= limit).then_some(()).ok_or_else(|| too_large(limit))
    }

    /// Returns how many keys to read from L2 in one round trip, so that their values fit into one
    /// result.
    pub(super) fn keys_at_once(&self) -> usize {
        (self.max_answer_bytes / self.max_value_bytes.max(1)).max(1)
    }
}

pub(super) fn too_large(limit: usize) -> Error {
    Error::TooLarge {
        limit: limit as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_of_more_than_granted_is_the_grant_and_of_less_is_unchanged() {
        let limits = Limits::default();
        let greedy = Options {
            local_max: u32::MAX,
            local_max_bytes: None,
            ..Options::default()
        };
        let bounded = limits.bound(greedy);
        assert_eq!(bounded.local_max, limits.max_local_entries);
        assert_eq!(bounded.local_max_bytes, Some(limits.max_local_bytes));

        let modest = Options {
            local_max: 0,
            local_max_bytes: Some(1),
            ..Options::default()
        };
        assert_eq!(limits.bound(modest.clone()), modest);
    }

    #[test]
    fn keys_at_once_of_any_limits_is_at_least_one() {
        for (max_answer_bytes, max_value_bytes, keys) in
            [(64, 1, 64), (1, 64, 1), (5, 0, 5), (0, 0, 1)]
        {
            let limits = Limits {
                max_answer_bytes,
                max_value_bytes,
                ..Limits::default()
            };
            assert_eq!(limits.keys_at_once(), keys);
        }
    }
}
