//! The most hits that a cache of a size can have, by Belády: the entry that is used again last is
//! evicted, the incoming one included.

use std::collections::{BTreeSet, HashMap};

/// Returns how many of the requests are hits.
pub(crate) fn hits(requests: &[u32], capacity: u32) -> u32 {
    // An entry is known by its next use; one that has none is never held.
    let mut held = BTreeSet::new();
    let mut hits = 0;
    for (at, next_use) in next_uses(requests).into_iter().enumerate() {
        hits += u32::from(held.remove(&at));
        held.extend(next_use);
        if held.len() > capacity as usize {
            held.pop_last();
        }
    }
    hits
}

/// Where the key of each request is asked for again.
fn next_uses(requests: &[u32]) -> Vec<Option<usize>> {
    let mut seen = HashMap::new();
    let uses = requests.iter().enumerate().rev();
    let mut next_uses: Vec<_> = uses.map(|(at, key)| seen.insert(key, at)).collect();
    next_uses.reverse();
    next_uses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_uses_are_where_keys_return() {
        let next_uses = next_uses(&[5, 6, 5, 5]);
        assert_eq!(next_uses, [Some(2), None, Some(3), None]);
    }

    #[test]
    fn hits_of_a_loop_are_all_but_one_entry_of_what_is_held() {
        // Two of three are held: 1 and 2, then one of them makes room for 3 every other time.
        let requests = [1, 2, 3].repeat(4);
        assert_eq!(hits(&requests, 1), 3, "{requests:?}");
        assert_eq!(hits(&requests, 2), 6, "{requests:?}");
        assert_eq!(hits(&requests, 3), 9, "{requests:?}");
    }
}
