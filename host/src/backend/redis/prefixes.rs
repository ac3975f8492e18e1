//! Which prefixes of keys are followed.
//!
//! A server refuses prefixes that overlap, and each costs every writer of the server some time.

use std::collections::BTreeSet;

/// So many prefixes are followed one by one: each costs every writer of the server some time. More are
/// followed as what all of them begin with.
pub(super) const MAX_PREFIXES: usize = 64;

/// So many buckets are told apart; more of them, and all of the server's keys are followed.
const MAX_BUCKETS: usize = 4_096;

/// The prefixes of all buckets that have been asked for.
#[derive(Default)]
pub(super) struct Wanted(BTreeSet<String>);

impl Wanted {
    pub(super) fn want(&mut self, prefix: &str) {
        let Self(wanted) = self;
        if wanted.len() >= MAX_BUCKETS && !wanted.contains(prefix) {
            *wanted = [String::new()].into();
        } else if !wanted.contains("") {
            wanted.insert(prefix.to_owned());
        }
    }

    /// The least set of prefixes that covers them all, or one that all of them begin with.
    pub(super) fn cover(&self) -> Vec<String> {
        cover(&self.0)
    }
}

fn cover(wanted: &BTreeSet<String>) -> Vec<String> {
    let mut cover: Vec<String> = Vec::new();
    for prefix in wanted {
        // They are in order: whatever begins with one comes after it, before all others.
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

    fn covered(wanted: &[&str]) -> Vec<String> {
        cover(&wanted.iter().copied().map(str::to_owned).collect())
    }

    #[test]
    fn cover_nested_prefixes_is_the_outermost() {
        let wanted = ["user:", "user:admin:", "users:", "a:", "user:admin:x:"];
        assert_eq!(covered(&wanted), ["a:", "user:", "users:"]);
    }

    #[test]
    fn cover_many_prefixes_is_what_they_begin_with() {
        let wanted: BTreeSet<_> = (0..=MAX_PREFIXES).map(|n| format!("app:{n}:")).collect();
        assert_eq!(cover(&wanted), ["app:"]);
        let wanted: BTreeSet<_> = (0..=MAX_PREFIXES).map(|n| format!("{n}:")).collect();
        assert_eq!(cover(&wanted), [""]);
    }
}
