//! Rows by key and by the time at which they expire.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;
use std::time::Duration;

/// The rows of all buckets, ordered by full key.
#[derive(Default)]
pub(super) struct Store {
    rows: BTreeMap<Arc<str>, Row>,
    /// One element for each row that has a deadline. The earliest comes first.
    deadlines: BTreeSet<(Duration, Arc<str>)>,
}

/// The value of a key.
pub(super) struct Row {
    /// The bytes.
    pub(super) value: Vec<u8>,
    /// When it expires, by the backend's clock; `None`: never.
    pub(super) deadline: Option<Duration>,
}

impl Store {
    /// Removes what has expired by `now`. O(log n) for each such row, O(1) for none.
    pub(super) fn expire(&mut self, now: Duration) {
        while let Some((deadline, _)) = self.deadlines.first()
            && *deadline <= now
            && let Some((_, key)) = self.deadlines.pop_first()
        {
            self.rows.remove(&key);
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Row> {
        self.rows.get(key)
    }

    pub(super) fn put(&mut self, key: &str, value: Vec<u8>, deadline: Option<Duration>) {
        self.remove(key);
        let key: Arc<str> = key.into();
        if let Some(deadline) = deadline {
            self.deadlines.insert((deadline, Arc::clone(&key)));
        }
        self.rows.insert(key, Row { value, deadline });
    }

    /// Changes or removes the deadline of a row; returns whether the row exists.
    pub(super) fn set_deadline(&mut self, key: &str, deadline: Option<Duration>) -> bool {
        let Some((key, mut row)) = self.rows.remove_entry(key) else {
            return false;
        };
        if let Some(old) = row.deadline {
            self.deadlines.remove(&(old, Arc::clone(&key)));
        }
        if let Some(new) = deadline {
            self.deadlines.insert((new, Arc::clone(&key)));
        }
        row.deadline = deadline;
        self.rows.insert(key, row);
        true
    }

    /// Removes a row; returns whether it existed.
    pub(super) fn remove(&mut self, key: &str) -> bool {
        let Some((key, row)) = self.rows.remove_entry(key) else {
            return false;
        };
        if let Some(deadline) = row.deadline {
            self.deadlines.remove(&(deadline, key));
        }
        true
    }

    /// Returns the keys that begin with `prefix`, in order; with `after`, only those after it.
    pub(super) fn keys(&self, prefix: &str, after: Option<&str>) -> impl Iterator<Item = &str> {
        let start = after.map_or(Bound::Included(prefix), Bound::Excluded);
        self.rows
            .range::<str, _>((start, Bound::Unbounded))
            .map(|(key, _)| &**key)
            .take_while(move |key| key.starts_with(prefix))
    }

    /// Removes every row whose key begins with `prefix`; returns how many.
    pub(super) fn remove_prefix(&mut self, prefix: &str) -> usize {
        let keys: Vec<String> = self.keys(prefix, None).map(str::to_owned).collect();
        keys.iter().filter(|key| self.remove(key)).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    impl Store {
        /// Panics unless `deadlines` holds exactly the deadlines of the rows.
        fn validate(&self) {
            let expected: BTreeSet<_> = self
                .rows
                .iter()
                .filter_map(|(key, row)| Some((row.deadline?, Arc::clone(key))))
                .collect();
            assert_eq!(self.deadlines, expected, "each deadline appears once");
        }
    }

    #[test]
    fn expire_rows_that_are_due_leave_both_maps() {
        let mut store = Store::default();
        store.put("a", vec![], Some(SECOND));
        store.put("b", vec![], Some(2 * SECOND));
        store.put("c", vec![], None);

        store.expire(SECOND);

        assert_eq!(store.keys("", None).collect::<Vec<_>>(), ["b", "c"]);
        store.validate();
    }

    #[test]
    fn put_over_a_row_with_a_deadline_forgets_the_old_one() {
        let mut store = Store::default();
        store.put("a", vec![1], Some(SECOND));
        store.put("a", vec![2], None);

        store.expire(2 * SECOND);

        assert_eq!(store.get("a").map(|row| row.value.clone()), Some(vec![2]));
        store.validate();
    }

    #[test]
    fn set_deadline_moves_and_removes_and_knows_absent_rows() {
        let mut store = Store::default();
        store.put("a", vec![], Some(SECOND));
        assert!(store.set_deadline("a", Some(3 * SECOND)));
        store.validate();
        store.expire(2 * SECOND);
        assert!(store.set_deadline("a", None));
        store.validate();
        store.expire(9 * SECOND);
        assert!(store.get("a").is_some());
        assert!(!store.set_deadline("b", None));
    }

    #[test]
    fn remove_prefix_takes_the_text_literally() {
        let mut store = Store::default();
        for key in ["a*:1", "ab:1", "a*:2", "a*"] {
            store.put(key, vec![], Some(SECOND));
        }
        assert_eq!(store.remove_prefix("a*:"), 2);
        assert_eq!(store.keys("", None).collect::<Vec<_>>(), ["a*", "ab:1"]);
        store.validate();
    }
}
