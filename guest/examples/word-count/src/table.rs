//! The output of a run: a table of words, and the sums below it.

use std::collections::HashMap;
use std::fmt::{self, Write};

use crate::nearest::Nearest;

/// Maximum number of words in the table.
const SHOWN: usize = 20;

/// The source of a look-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The local tier.
    Local,
    /// L2.
    Backend,
    /// Neither tier: the result was computed.
    Computed,
}

/// How many lookups were answered where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Origins {
    local: u64,
    backend: u64,
    computed: u64,
}

impl Origins {
    fn add(&mut self, origin: Origin) {
        match origin {
            Origin::Local => self.local += 1,
            Origin::Backend => self.backend += 1,
            Origin::Computed => self.computed += 1,
        }
    }

    fn sum(self) -> u64 {
        self.local + self.backend + self.computed
    }
}

/// The words of a text so far.
#[derive(Clone, Debug, Default)]
pub struct Table {
    rows: HashMap<String, (Nearest, Origins)>,
    sums: Origins,
}

impl Table {
    /// Counts a word and the origin of its look-up.
    pub fn add(&mut self, word: String, nearest: Nearest, origin: Origin) {
        let (_, origins) = self
            .rows
            .entry(word)
            .or_insert_with(|| (nearest, Origins::default()));
        origins.add(origin);
        self.sums.add(origin);
    }

    /// Returns the number of words counted.
    pub fn words(&self) -> u64 {
        self.sums.sum()
    }

    fn line(
        f: &mut fmt::Formatter<'_>,
        word: &str,
        nearest: &str,
        count: impl fmt::Display,
        origins: [&dyn fmt::Display; 3],
    ) -> fmt::Result {
        let [local, backend, computed] = origins;
        writeln!(
            f,
            "{word:<20} {count:>6}  {nearest:<16} {local:>6} {backend:>8} {computed:>9}"
        )
    }
}

/// Prints the most frequent words, then the sums.
impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rows: Vec<_> = self.rows.iter().collect();
        rows.sort_by_key(|(word, (_, origins))| (std::cmp::Reverse(origins.sum()), *word));

        Self::line(
            f,
            "word",
            "nearest",
            "count",
            [&"local", &"backend", &"computed"],
        )?;
        for (word, (nearest, origins)) in rows.iter().take(SHOWN) {
            let mut told = nearest.word.clone();
            if nearest.distance > 0 {
                write!(told, " +{}", nearest.distance)?;
            }
            let Origins {
                local,
                backend,
                computed,
            } = origins;
            Self::line(f, word, &told, origins.sum(), [local, backend, computed])?;
        }
        if rows.len() > SHOWN {
            writeln!(f, "... and {} more", rows.len() - SHOWN)?;
        }
        let Origins {
            local,
            backend,
            computed,
        } = &self.sums;
        Self::line(f, "all words", "", self.words(), [local, backend, computed])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(word: &str, distance: u32) -> Nearest {
        let word = word.to_owned();
        Nearest { word, distance }
    }

    #[test]
    fn display_sorts_by_count_and_then_by_word() {
        let mut table = Table::default();
        table.add("the".into(), known("the", 0), Origin::Computed);
        table.add("cachez".into(), known("cache", 1), Origin::Backend);
        table.add("the".into(), known("the", 0), Origin::Local);
        table.add("a".into(), known("a", 0), Origin::Backend);
        assert_eq!(
            table.to_string(),
            "\
word                  count  nearest           local  backend  computed
the                       2  the                   1        0         1
a                         1  a                     0        1         0
cachez                    1  cache +1              0        1         0
all words                 4                        1        2         1
"
        );
    }

    #[test]
    fn display_many_words_shows_the_first_and_tells_of_the_rest() {
        let mut table = Table::default();
        for number in 0..SHOWN + 3 {
            table.add(number.to_string(), known("a", 1), Origin::Computed);
        }
        let text = table.to_string();
        assert_eq!(text.lines().count(), SHOWN + 3);
        assert!(text.contains("... and 3 more\n"), "{text}");
    }
}
