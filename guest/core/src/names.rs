//! An index of cache names by complete key.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::name::MAX_KEY_BYTES;

/// Values by the names of caches, found by every complete key that belongs to one of them.
///
/// A complete key is `name:key`. Names may have colons, so that one complete key belongs to several
/// names: `user:admin:1` is `admin:1` of `user` and `1` of `user:admin`. A search costs one look-up
/// in the order of the names and one for each name found, however many colons the key has.
///
/// # Examples
///
/// ```
/// use flipcache_core::NameIndex;
///
/// let mut names = NameIndex::new();
/// names.insert("user", 1);
/// names.insert("user:admin", 2);
/// let found: Vec<_> = names.caches_for_key("user:admin:7").collect();
/// assert_eq!(found, [(&1, "admin:7"), (&2, "7")]);
/// ```
#[derive(Debug)]
pub struct NameIndex<V> {
    /// By name with a colon appended. All names that a key begins with are prefixes of the greatest
    /// one that is not above the key, or are equal to it: whatever sorts between a prefix of the
    /// key and the key itself begins with that prefix.
    by_prefix: BTreeMap<Box<str>, Entry<V>>,
    /// How many names begin with another one.
    nested: usize,
    #[cfg(test)]
    lookups: std::cell::Cell<usize>,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    /// The lengths of all other prefixes that this one begins with, in ascending order.
    outer: Vec<usize>,
}

impl<V> Default for NameIndex<V> {
    fn default() -> Self {
        Self::new()
    }
}

impl<V> NameIndex<V> {
    /// Creates an empty index.
    pub const fn new() -> Self {
        Self {
            by_prefix: BTreeMap::new(),
            nested: 0,
            #[cfg(test)]
            lookups: std::cell::Cell::new(0),
        }
    }

    /// Returns the number of names.
    pub fn len(&self) -> usize {
        self.by_prefix.len()
    }

    /// Returns whether there are no names.
    pub fn is_empty(&self) -> bool {
        self.by_prefix.is_empty()
    }

    /// Returns whether any name begins with another one and a colon. If not, no complete key
    /// belongs to two names.
    pub fn has_nested(&self) -> bool {
        self.nested > 0
    }

    /// Returns the value of a name.
    pub fn get(&self, name: &str) -> Option<&V> {
        let entry = self.by_prefix.get(&*format!("{name}:"))?;
        Some(&entry.value)
    }

    /// Stores a value for a name; returns the value that it replaces. A new name costs O(names
    /// nested in it).
    pub fn insert(&mut self, name: &str, value: V) -> Option<V> {
        let prefix = format!("{name}:");
        if let Some(entry) = self.by_prefix.get_mut(&*prefix) {
            return Some(std::mem::replace(&mut entry.value, value));
        }
        let outer: Vec<usize> = self.prefix_lengths(&prefix).collect();
        self.nested += usize::from(!outer.is_empty());
        for inner in inner_entries(&mut self.by_prefix, &prefix) {
            self.nested += usize::from(inner.outer.is_empty());
            let at = inner.outer.partition_point(|len| *len < prefix.len());
            inner.outer.insert(at, prefix.len());
        }
        self.by_prefix.insert(prefix.into(), Entry { value, outer });
        None
    }

    /// Removes a name; returns its value. Costs O(names nested in it).
    pub fn remove(&mut self, name: &str) -> Option<V> {
        let prefix = format!("{name}:");
        let removed = self.by_prefix.remove(&*prefix)?;
        self.nested -= usize::from(!removed.outer.is_empty());
        for inner in inner_entries(&mut self.by_prefix, &prefix) {
            inner.outer.retain(|len| *len != prefix.len());
            self.nested -= usize::from(inner.outer.is_empty());
        }
        Some(removed.value)
    }

    /// Returns the value of every name that a complete key belongs to, each with its own key for
    /// it, the shortest name first. Keys longer than [`MAX_KEY_BYTES`] belong to no name.
    pub fn caches_for_key<'i, 'k>(
        &'i self,
        full_key: &'k str,
    ) -> impl Iterator<Item = (&'i V, &'k str)> + use<'i, 'k, V> {
        let found = self.prefix_lengths(full_key).filter_map(|len| {
            let (prefix, key) = full_key.split_at(len);
            self.count_lookup();
            Some((&self.by_prefix.get(prefix)?.value, key))
        });
        found.filter(|(_, key)| key.len() <= MAX_KEY_BYTES)
    }

    /// Returns the values of all other names that may share complete keys with this one: those that
    /// it begins with, and those that begin with it.
    pub fn overlapping<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a V> + use<'a, V> {
        let prefix = format!("{name}:");
        let outer: Vec<&V> = self
            .prefix_lengths(&prefix)
            .filter(|len| *len < prefix.len())
            .filter_map(|len| Some(&self.by_prefix.get(&prefix[..len])?.value))
            .collect();
        let after = (Bound::Excluded(&*prefix), Bound::Unbounded);
        let inner = self.by_prefix.range::<str, _>(after);
        let inner: Vec<&V> = inner
            .take_while(|(other, _)| other.starts_with(&prefix))
            .map(|(_, entry)| &entry.value)
            .collect();
        outer.into_iter().chain(inner)
    }

    /// Returns the lengths of all stored prefixes that a text begins with, in ascending order.
    fn prefix_lengths<'a>(&'a self, text: &str) -> impl Iterator<Item = usize> + use<'a, V> {
        self.count_lookup();
        let up_to = (Bound::Unbounded, Bound::Included(text));
        let nearest = self.by_prefix.range::<str, _>(up_to).next_back();
        let lengths = nearest.map(|(prefix, entry)| {
            let common = common_len(prefix, text);
            let outer = entry.outer.iter().copied();
            let all = outer.chain(std::iter::once(prefix.len()));
            all.take_while(move |len| *len <= common)
        });
        lengths.into_iter().flatten()
    }

    #[cfg_attr(not(test), expect(clippy::unused_self, reason = "tests count here"))]
    fn count_lookup(&self) {
        #[cfg(test)]
        self.lookups.set(self.lookups.get() + 1);
    }
}

/// Returns the entries of all other prefixes that begin with this one.
fn inner_entries<'a, V>(
    by_prefix: &'a mut BTreeMap<Box<str>, Entry<V>>,
    prefix: &'a str,
) -> impl Iterator<Item = &'a mut Entry<V>> {
    let after = (Bound::Excluded(prefix), Bound::Unbounded);
    by_prefix
        .range_mut::<str, _>(after)
        .take_while(move |(other, _)| other.starts_with(prefix))
        .map(|(_, entry)| entry)
}

/// Returns the length of the common prefix of two texts, in bytes.
fn common_len(one: &str, other: &str) -> usize {
    let both = one.bytes().zip(other.bytes());
    both.take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn index_of(names: &[&str]) -> NameIndex<String> {
        let mut index = NameIndex::new();
        for name in names {
            index.insert(name, (*name).to_owned());
        }
        index
    }

    fn found<'a>(index: &'a NameIndex<String>, full_key: &'a str) -> Vec<(&'a str, &'a str)> {
        let found = index.caches_for_key(full_key);
        found.map(|(name, key)| (name.as_str(), key)).collect()
    }

    #[test]
    fn caches_for_key_nested_names_are_all_found() {
        let index = index_of(&["user", "user:admin", "user1", "users", "other"]);
        let expected = [("user", "admin:1"), ("user:admin", "1")];
        assert_eq!(found(&index, "user:admin:1"), expected);
        assert_eq!(found(&index, "user:7:x"), [("user", "7:x")]);
        assert_eq!(found(&index, "absent"), []);
    }

    #[test]
    fn caches_for_key_many_colons_costs_one_lookup_and_one_a_name_found() {
        let names: Vec<String> = (0..16)
            .map(|n| format!("t{}{n}", ":".repeat(959)))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let index = index_of(&names);
        let colons = ":".repeat(MAX_KEY_BYTES);
        for (full_key, names_found) in [
            (colons.clone(), 0),
            (format!("t{colons}"), 0),
            (format!("{}{}", names[7], &colons[1..]), 1),
        ] {
            index.lookups.set(0);
            assert_eq!(index.caches_for_key(&full_key).count(), names_found);
            assert_eq!(
                index.lookups.get(),
                names_found + 1,
                "{} bytes",
                full_key.len()
            );
        }
    }

    #[test]
    fn caches_for_key_longer_than_a_key_belongs_to_no_name() {
        let index = index_of(&["n"]);
        let longest = format!("n:{}", "k".repeat(MAX_KEY_BYTES));
        assert_eq!(found(&index, &longest).len(), 1);
        assert_eq!(found(&index, &(longest + "k")), []);
    }

    fn text() -> impl Strategy<Value = String> {
        "[ab:]{1,6}"
    }

    proptest! {
        #[test]
        fn caches_for_key_any_names_matches_a_search_at_every_colon(
            names in proptest::collection::vec((text(), any::<bool>()), 0..12),
            full_key in text(),
        ) {
            let (mut index, mut known) = (NameIndex::new(), BTreeSet::new());
            for (name, is_inserted) in &names {
                if *is_inserted {
                    let replaced = index.insert(name, name.clone()).is_some();
                    prop_assert_eq!(replaced, !known.insert(name.clone()));
                } else {
                    prop_assert_eq!(index.remove(name).is_some(), known.remove(name));
                }
            }
            let colons = full_key.match_indices(':').map(|(at, _)| at);
            let name_key_splits = colons.map(|at| (&full_key[..at], &full_key[at + 1..]));
            let expected: Vec<_> = name_key_splits.filter(|(name, _)| known.contains(*name)).collect();
            prop_assert_eq!(found(&index, &full_key), expected);

            let within = |inner: &str, outer: &str| inner.starts_with(&format!("{outer}:"));
            let related = |other: &&String| within(other, &full_key) || within(&full_key, other);
            let overlapping: BTreeSet<_> = index.overlapping(&full_key).collect();
            prop_assert_eq!(overlapping, known.iter().filter(related).collect());
            let is_nested = |inner: &String| known.iter().any(|outer| within(inner, outer));
            prop_assert_eq!(index.has_nested(), known.iter().any(is_nested));
        }
    }
}
