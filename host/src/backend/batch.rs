//! Batches: keys given twice, and lengths.

use std::collections::{HashMap, HashSet};

use super::BackendError;

/// A key and its value, as writes take them.
pub(super) type Pair = (String, Vec<u8>);

/// Returns the keys without repetitions, in the order of their first mention.
pub(super) fn distinct(keys: &[String]) -> Vec<&str> {
    let mut seen = HashSet::with_capacity(keys.len());
    keys.iter()
        .map(String::as_str)
        .filter(|key| seen.insert(*key))
        .collect()
}

/// The keys of a batch without repetitions, in the order of their first mention, and how often the
/// batch names each.
pub(crate) struct Mentions {
    /// For every mention, the index of its key among the distinct ones.
    indices: Vec<usize>,
    /// For every distinct key, the number of its mentions. Never 0.
    counts: Vec<usize>,
}

impl Mentions {
    pub(crate) fn of<'k>(keys: impl ExactSizeIterator<Item = &'k str>) -> Self {
        let mut index_of = HashMap::with_capacity(keys.len());
        let mut indices = Vec::with_capacity(keys.len());
        let mut counts = Vec::with_capacity(keys.len());
        for key in keys {
            let index = *index_of.entry(key).or_insert(counts.len());
            if index == counts.len() {
                counts.push(0);
            }
            counts[index] += 1;
            indices.push(index);
        }
        Self { indices, counts }
    }

    /// Returns how often the batch names each distinct key.
    #[cfg(any(feature = "wasmtime", test))]
    pub(crate) fn counts(&self) -> &[usize] {
        &self.counts
    }

    /// Returns which mentions are of a key that the batch has named before.
    #[cfg(any(feature = "wasmtime", test))]
    pub(crate) fn repetitions(&self) -> impl Iterator<Item = usize> {
        let mut seen = 0;
        let mentions = self.indices.iter().enumerate();
        mentions.filter_map(move |(mention, &index)| {
            let is_first = index == seen;
            seen += usize::from(is_first);
            (!is_first).then_some(mention)
        })
    }

    /// Keeps the last mention of each key; `batch` is what the keys were taken from.
    pub(crate) fn last_of_each<T>(&self, batch: Vec<T>) -> Vec<T> {
        if self.are_distinct() {
            return batch;
        }
        let mut last: Vec<Option<T>> = self.counts.iter().map(|_| None).collect();
        for (one, &index) in batch.into_iter().zip(&self.indices) {
            last[index] = Some(one);
        }
        last.into_iter().flatten().collect()
    }

    /// Turns one result for each distinct key into one for each mention. Clones one result less
    /// than there are mentions of its key.
    pub(crate) fn spread<T: Clone>(&self, results: Vec<T>) -> Vec<T> {
        if self.are_distinct() {
            return results;
        }
        let mut left = self.counts.clone();
        let mut results: Vec<Option<T>> = results.into_iter().map(Some).collect();
        let spread = self.indices.iter().map(|&index| {
            left[index] -= 1;
            let result = results.get_mut(index)?;
            if left[index] == 0 {
                result.take()
            } else {
                result.clone()
            }
        });
        spread.flatten().collect()
    }

    fn are_distinct(&self) -> bool {
        self.indices.len() == self.counts.len()
    }
}

/// A batch of writes in which a key given twice appears once, with the last of its values.
pub(super) struct LastOfEach<'a> {
    /// One pair a key, in the order of the keys' first mention.
    pub(super) pairs: Vec<&'a Pair>,
    mentions: Mentions,
}

impl<'a> LastOfEach<'a> {
    pub(super) fn new(batch: &'a [Pair]) -> Self {
        let mentions = Mentions::of(batch.iter().map(|(key, _)| key.as_str()));
        Self {
            pairs: mentions.last_of_each(batch.iter().collect()),
            mentions,
        }
    }

    /// Turns one result for each of [`pairs`](Self::pairs) into one for each pair of the batch.
    pub(super) fn spread<T: Clone>(&self, results: Vec<T>) -> Vec<T> {
        self.mentions.spread(results)
    }
}

/// Rejects a batch that has a key or a value of more than `limit` bytes.
///
/// # Errors
///
/// [`BackendError::TooLarge`].
pub(super) fn refuse_larger(
    limit: usize,
    lengths: impl IntoIterator<Item = usize>,
) -> Result<(), BackendError> {
    if lengths.into_iter().any(|length| length > limit) {
        return Err(BackendError::TooLarge {
            limit: u64::try_from(limit).unwrap_or(u64::MAX),
        });
    }
    Ok(())
}

/// Returns the lengths of the keys and values of a batch.
pub(super) fn lengths(batch: &[Pair]) -> impl Iterator<Item = usize> {
    batch
        .iter()
        .flat_map(|(key, value)| [key.len(), value.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(key: &str, value: &str) -> Pair {
        (key.to_owned(), value.as_bytes().to_vec())
    }

    #[test]
    fn distinct_repeated_keys_stand_once_in_order() {
        let keys = ["b", "a", "b", "c", "a"].map(str::to_owned);
        assert_eq!(distinct(&keys), ["b", "a", "c"]);
    }

    #[test]
    fn last_of_each_repeated_key_keeps_the_last_value_and_spreads_to_every_mention() {
        let batch = [pair("a", "1"), pair("b", "2"), pair("a", "3")];
        let last = LastOfEach::new(&batch);

        assert_eq!(last.pairs, [&pair("a", "3"), &pair("b", "2")]);
        assert_eq!(last.spread(vec!["of a", "of b"]), ["of a", "of b", "of a"]);
    }

    #[test]
    fn mentions_repeated_keys_are_counted_and_spread_in_order() {
        let keys = ["b", "a", "b", "b"];
        let mentions = Mentions::of(keys.into_iter());
        assert_eq!(mentions.counts(), [3, 1]);
        assert_eq!(mentions.repetitions().collect::<Vec<_>>(), [2, 3]);
        assert_eq!(mentions.last_of_each(vec![0, 1, 2, 3]), [3, 1]);
        assert_eq!(mentions.spread(vec!["B", "A"]), ["B", "A", "B", "B"]);
    }

    #[test]
    fn mentions_distinct_keys_are_unchanged() {
        let mentions = Mentions::of(["b", "a"].into_iter());
        assert_eq!(mentions.counts(), [1, 1]);
        assert_eq!(mentions.repetitions().count(), 0);
        assert_eq!(mentions.last_of_each(vec![0, 1]), [0, 1]);
        assert_eq!(mentions.spread(vec!["B", "A"]), ["B", "A"]);
    }

    #[test]
    fn refuse_larger_takes_the_limit_and_not_a_byte_more() {
        assert!(refuse_larger(3, [0, 3]).is_ok());
        assert!(matches!(
            refuse_larger(3, [4]),
            Err(BackendError::TooLarge { limit: 3 })
        ));
    }
}
