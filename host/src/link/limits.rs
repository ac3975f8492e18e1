//! Limits on the host memory of one guest call.
//!
//! Guests name keys and the backend has the values, so a call of a few bytes can ask for any
//! amount. Without a limit, a guest that repeats the key of a long value makes the host build
//! thousands of copies.

use std::ops::Range;

use flipcache_core::MAX_KEY_BYTES;

use crate::backend::{BackendError, Entry, Mentions, Slot};

/// How many keys are read from the backend at once. This much of a result is built before its size
/// is known.
const AT_ONCE: usize = 128;

/// See the methods of the same names of [`KvCtxBuilder`](super::KvCtxBuilder).
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) max_keys: usize,
    pub(super) max_answer_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_keys: 1 << 17,
            max_answer_bytes: 256 << 20,
        }
    }
}

impl Limits {
    /// Refuses a call with too many keys, or with a key that is too long.
    pub(super) fn check_keys<'k>(
        &self,
        keys: impl ExactSizeIterator<Item = &'k String>,
    ) -> Result<(), BackendError> {
        if keys.len() > self.max_keys {
            return Err(too_large(self.max_keys));
        }
        for key in keys {
            if key.len() > MAX_KEY_BYTES {
                return Err(too_large(MAX_KEY_BYTES));
            }
        }
        Ok(())
    }

    /// Returns how many keys a page may have if a guest asks for `limit`: as many as fit if all
    /// have the maximum length.
    pub(super) fn page(&self, limit: u32) -> u32 {
        let most = (self.max_answer_bytes / MAX_KEY_BYTES).min(self.max_keys);
        limit.min(u32::try_from(most.max(1)).unwrap_or(u32::MAX))
    }

    /// Refuses a result with too many bytes.
    pub(super) fn check_answer(&self, bytes: usize) -> Result<(), BackendError> {
        if bytes > self.max_answer_bytes {
            return Err(too_large(self.max_answer_bytes));
        }
        Ok(())
    }
}

/// The results of a call that names keys, collected in parts: one for each distinct key, with the
/// bytes that they take once each mention has its own copy.
pub(super) struct Collected<'m, T> {
    mentions: &'m Mentions,
    limits: Limits,
    results: Vec<T>,
    bytes: usize,
    /// The bytes of the longest result so far.
    longest: usize,
}

impl<'m, T: Sized + Clone + Bytes> Collected<'m, T> {
    pub(super) fn new(mentions: &'m Mentions, limits: Limits) -> Self {
        Self {
            mentions,
            limits,
            results: Vec::new(),
            bytes: 0,
            longest: 0,
        }
    }

    /// Returns which of the distinct keys to read next; `None` after the last.
    ///
    /// A part has only as many keys as fit if all values are as long as the longest so far.
    pub(super) fn next_part(&self) -> Option<Range<usize>> {
        let (start, end) = (self.results.len(), self.mentions.counts().len());
        if start == end {
            return None;
        }
        let room = self.limits.max_answer_bytes.saturating_sub(self.bytes);
        let fit = room.checked_div(self.longest).unwrap_or(AT_ONCE);
        Some(start..end.min(start + fit.clamp(1, AT_ONCE)))
    }

    /// Adds the results of a part.
    ///
    /// # Errors
    ///
    /// `TooLarge` as soon as the guest would get too many bytes. `Other` if the backend returns
    /// another number of results than there are keys.
    pub(super) fn take(&mut self, part: Range<usize>, results: Vec<T>) -> Result<(), BackendError> {
        if results.len() != part.len() {
            let why = format!("{} results for {} keys", results.len(), part.len());
            return Err(BackendError::Other(why.into()));
        }
        for (result, count) in results.iter().zip(&self.mentions.counts()[part]) {
            let bytes = result.bytes();
            self.longest = self.longest.max(bytes);
            self.bytes = self.bytes.saturating_add(bytes.saturating_mul(*count));
        }
        self.limits.check_answer(self.bytes)?;
        self.results.extend(results);
        Ok(())
    }

    /// Returns one result for each mention.
    pub(super) fn spread(self) -> Vec<T> {
        self.mentions.spread(self.results)
    }
}

/// A result with the bytes of a value.
pub(super) trait Bytes {
    fn bytes(&self) -> usize;
}

impl Bytes for Slot {
    fn bytes(&self) -> usize {
        match self {
            Self::Entry(Entry { value, .. }) => value.len(),
            Self::Absent | Self::WrongType => 0,
        }
    }
}

impl Bytes for Option<Slot> {
    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, Bytes::bytes)
    }
}

fn too_large(limit: usize) -> BackendError {
    BackendError::TooLarge {
        limit: u64::try_from(limit).unwrap_or(u64::MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mentions(keys: &[&str]) -> Mentions {
        Mentions::of(keys.iter().copied())
    }

    fn limits(max_answer_bytes: usize) -> Limits {
        Limits {
            max_answer_bytes,
            ..Limits::default()
        }
    }

    fn entry(len: usize) -> Slot {
        let value = vec![0; len];
        Slot::Entry(Entry { value, ttl: None })
    }

    #[test]
    fn take_counts_the_bytes_of_every_mention() {
        let mentions = mentions(&["a", "b", "a"]);
        let mut fits = Collected::new(&mentions, limits(201));
        assert_eq!(fits.next_part(), Some(0..2));
        fits.take(0..2, vec![entry(100), entry(1)])
            .expect("it fits");
        assert_eq!(fits.next_part(), None);
        assert_eq!(fits.spread(), [entry(100), entry(1), entry(100)]);

        let mut over = Collected::new(&mentions, limits(200));
        let taken = over.take(0..2, vec![entry(100), entry(1)]);
        assert!(
            matches!(taken, Err(BackendError::TooLarge { limit: 200 })),
            "{taken:?}"
        );
    }

    #[test]
    fn next_part_after_long_values_has_no_more_keys_than_fit() {
        let keys: Vec<String> = (0..300).map(|key| key.to_string()).collect();
        let mentions = Mentions::of(keys.iter().map(String::as_str));
        let mut collected = Collected::new(&mentions, limits(1_000));
        assert_eq!(collected.next_part(), Some(0..AT_ONCE));
        let short = vec![entry(0); AT_ONCE];
        collected.take(0..AT_ONCE, short).expect("it fits");
        assert_eq!(collected.next_part(), Some(AT_ONCE..2 * AT_ONCE));
        let mut long = vec![entry(0); AT_ONCE];
        long[0] = entry(400);
        collected.take(AT_ONCE..2 * AT_ONCE, long).expect("it fits");
        let start = 2 * AT_ONCE;
        assert_eq!(collected.next_part(), Some(start..start + 1));
    }

    #[test]
    fn take_with_a_wrong_number_of_results_is_an_error() {
        let mentions = mentions(&["a", "b"]);
        let mut collected = Collected::new(&mentions, limits(1_000));
        let taken = collected.take(0..2, vec![entry(1)]);
        assert!(matches!(taken, Err(BackendError::Other(_))), "{taken:?}");
    }

    #[test]
    fn page_of_any_limits_has_at_least_one_key_and_room_for_the_longest() {
        for (max_answer_bytes, max_keys, limit, expected) in [
            (256 << 20, 1 << 17, u32::MAX, 4_096),
            (256 << 20, 1 << 17, 10, 10),
            (256 << 20, 5, 10, 5),
            (0, 0, 10, 1),
            (usize::MAX, usize::MAX, u32::MAX, u32::MAX),
        ] {
            let limits = Limits {
                max_keys,
                max_answer_bytes,
            };
            assert_eq!(limits.page(limit), expected);
        }
    }
}
