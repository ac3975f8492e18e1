//! The common word that is nearest to a word: real work, which grows with the list. In an
//! application it would be a question to a dictionary, a database or a model.
//!
//! Distance: [Levenshtein's](https://en.wikipedia.org/wiki/Levenshtein_distance).

use serde::{Deserialize, Serialize};

/// The common words of English.
const COMMON: &str = include_str!("../common-words.txt");

/// The common word that is most similar to a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// The common word that it is most like.
    pub word: String,
    /// The edit distance: letters that must be changed, added or removed.
    pub distance: u32,
}

/// Compares the word with every common word. Of several at the same distance, returns the first.
pub fn nearest(word: &str) -> Nearest {
    let word: Vec<char> = word.chars().collect();
    let distances = COMMON.split_whitespace().map(|common| Nearest {
        word: common.to_owned(),
        distance: distance(&word, common),
    });
    distances
        .min_by_key(|nearest| nearest.distance)
        .unwrap_or(Nearest {
            word: String::new(),
            distance: u32::MAX,
        })
}

/// Returns the edit distance in O(letters × letters), by rows of Wagner and Fischer's table.
fn distance(from: &[char], to: &str) -> u32 {
    let mut row: Vec<u32> = (0..).take(from.len() + 1).collect();
    for (line, letter) in (1..).zip(to.chars()) {
        let mut diagonal = row[0];
        row[0] = line;
        for column in 1..row.len() {
            let changed = diagonal + u32::from(from[column - 1] != letter);
            diagonal = row[column];
            row[column] = changed.min(diagonal + 1).min(row[column - 1] + 1);
        }
    }
    row[from.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(from: &str, to: &str) -> u32 {
        distance(&from.chars().collect::<Vec<_>>(), to)
    }

    #[test]
    fn distance_counts_what_is_changed_added_and_dropped() {
        assert_eq!(of("kitten", "sitting"), 3);
        assert_eq!((of("", "abc"), of("abc", ""), of("", "")), (3, 3, 0));
        assert_eq!(of("straße", "strasse"), 2);
    }

    #[test]
    fn nearest_of_a_common_word_is_itself_and_of_another_is_like_it() {
        let told = |word| {
            let nearest = nearest(word);
            (nearest.word, nearest.distance)
        };
        assert_eq!(told("cache"), ("cache".to_owned(), 0));
        assert_eq!(told("cachez"), ("cache".to_owned(), 1));
    }
}
