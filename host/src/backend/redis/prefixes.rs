//! Which key prefixes are tracked.
//!
//! A server refuses overlapping prefixes, and each costs every writer of the server some time.

use std::collections::BTreeSet;

/// How many prefixes are tracked one by one. If there are more, their common prefix is tracked.
pub(super) const MAX_PREFIXES: usize = 64;

/// How many buckets are distinguished. If there are more, all keys of the server are tracked.
const MAX_BUCKETS: usize = 4_096;

/// The prefixes of all open buckets.
#[derive(Default)]
pub(super) struct BucketPrefixes(BTreeSet<String>);

impl BucketPrefixes {
    pub(super) fn add(&mut self, prefix: &str) {
        let Self(prefixes) = self;
        if prefixes.len() >= MAX_BUCKETS && !prefixes.contains(prefix) {
            *prefixes = [String::new()].into();
        } else if !prefixes.contains("") {
            prefixes.insert(prefix.to_owned());
        }
    }

    /// Returns the smallest set of prefixes that covers all buckets, or their common prefix.
    pub(super) fn cover(&self) -> Vec<String> {
        cover(&self.0)
    }
}

fn cover(prefixes: &BTreeSet<String>) -> Vec<String> {
    let mut cover: Vec<String> = Vec::new();
    for prefix in prefixes {
        // In sorted order, all prefixes that begin with one follow it directly.
        if !cover.last().is_some_and(|last| prefix.starts_with(last)) {
            cover.push(prefix.clone());
        }
    }
    if let ([first, .., last], true) = (&cover[..], cover.len() > MAX_PREFIXES) {
        let common = first
            .chars()
            .zip(last.chars())
            .take_while(|(one, other)| one == other);
        return vec![common.map(|(one, _)| one).collect()];
    }
    cover
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(prefixes: &[&str]) -> Vec<String> {
        cover(&prefixes.iter().copied().map(str::to_owned).collect())
    }

    #[test]
    fn cover_nested_prefixes_is_the_outermost() {
        let prefixes = ["user:", "user:admin:", "users:", "a:", "user:admin:x:"];
        assert_eq!(covered(&prefixes), ["a:", "user:", "users:"]);
    }

    #[test]
    fn cover_many_prefixes_is_what_they_begin_with() {
        let prefixes: BTreeSet<_> = (0..=MAX_PREFIXES).map(|n| format!("app:{n}:")).collect();
        assert_eq!(cover(&prefixes), ["app:"]);
        let prefixes: BTreeSet<_> = (0..=MAX_PREFIXES).map(|n| format!("{n}:")).collect();
        assert_eq!(cover(&prefixes), [""]);
    }
}
