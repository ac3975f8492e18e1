//! What every store does with a batch before it asks for anything: keys given twice, lengths.

use std::collections::hash_map::Entry as Place;
use std::collections::{HashMap, HashSet};

use super::BackendError;

/// A key and its value, as writes take them.
pub(super) type Pair = (String, Vec<u8>);

/// The keys without repetitions, in the order of their first mention.
pub(super) fn distinct(keys: &[String]) -> Vec<&str> {
    let mut seen = HashSet::with_capacity(keys.len());
    keys.iter()
        .map(String::as_str)
        .filter(|key| seen.insert(*key))
        .collect()
}

/// A batch of writes in which a key given twice stands once, with the last of its values.
pub(super) struct LastOfEach<'a> {
    /// One pair a key, in the order of the keys' first mention.
    pub(super) pairs: Vec<&'a Pair>,
    /// For every pair of the batch, where its key stands in `pairs`.
    places: Vec<usize>,
}

impl<'a> LastOfEach<'a> {
    pub(super) fn new(batch: &'a [Pair]) -> Self {
        let mut pairs: Vec<&Pair> = Vec::with_capacity(batch.len());
        let mut places = Vec::with_capacity(batch.len());
        let mut place_of = HashMap::with_capacity(batch.len());
        for pair in batch {
            let place = match place_of.entry(pair.0.as_str()) {
                Place::Vacant(vacant) => {
                    pairs.push(pair);
                    *vacant.insert(pairs.len() - 1)
                }
                Place::Occupied(occupied) => {
                    let place = *occupied.get();
                    pairs[place] = pair;
                    place
                }
            };
            places.push(place);
        }
        Self { pairs, places }
    }

    /// Turns one answer for each of [`pairs`](Self::pairs) into one for each pair of the batch.
    pub(super) fn spread<T: Clone>(&self, answers: Vec<T>) -> Vec<T> {
        if self.places.len() == answers.len() {
            return answers;
        }
        self.places
            .iter()
            .filter_map(|&place| answers.get(place).cloned())
            .collect()
    }
}

/// Refuses a batch that has a key or a value of more than `limit` bytes.
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

/// The lengths of the keys and values of a batch.
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
    fn last_of_each_repeated_key_keeps_the_last_value_and_answers_every_mention() {
        let batch = [pair("a", "1"), pair("b", "2"), pair("a", "3")];
        let last = LastOfEach::new(&batch);

        assert_eq!(last.pairs, [&pair("a", "3"), &pair("b", "2")]);
        assert_eq!(last.spread(vec!["of a", "of b"]), ["of a", "of b", "of a"]);
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
