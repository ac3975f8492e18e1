//! Which keys hold something, by the complete names under which they stand in the store.

use std::collections::BTreeMap;

use crate::envelope::{self, Held};
use crate::store::{Store, StoreError};

/// How many values are looked at in one call, and held at once: who only counts keys reads them all.
const AT_ONCE: usize = 32;

/// What keys hold that are there and not over. A key is asked for once, though it be named twice.
pub(crate) fn read<S: Store>(
    store: &S,
    keys: &[String],
    now: &impl Fn() -> u64,
) -> Result<BTreeMap<String, Held>, StoreError> {
    let found = match keys {
        [] => Vec::new(),
        [key] => store
            .get(key)?
            .map(|value| (key.clone(), value))
            .into_iter()
            .collect(),
        keys => store.get_many(keys)?,
    };
    // After the call, so that no life is told longer than it is.
    let now = now();
    let held = found
        .into_iter()
        .map(|(key, stored)| (key, envelope::open(stored, now)));
    Ok(held.filter(|(_, held)| held.is_something()).collect())
}

/// Those of different keys that are there, in their order.
pub(crate) fn retain<S: Store>(
    store: &S,
    keys: Vec<String>,
    now: &impl Fn() -> u64,
) -> Result<Vec<String>, StoreError> {
    let mut live = Vec::with_capacity(keys.len());
    for part in keys.chunks(AT_ONCE) {
        let held = read(store, part, now)?;
        live.extend(part.iter().filter(|key| held.contains_key(*key)).cloned());
    }
    Ok(live)
}

/// How many of different keys are there.
pub(crate) fn count<S: Store>(
    store: &S,
    keys: &[String],
    now: &impl Fn() -> u64,
) -> Result<u64, StoreError> {
    let mut count = 0;
    for part in keys.chunks(AT_ONCE) {
        let held = read(store, part, now)?;
        count += part.iter().filter(|key| held.contains_key(*key)).count() as u64;
    }
    Ok(count)
}

/// Deletes keys.
pub(crate) fn delete<S: Store>(store: &S, keys: &[String]) -> Result<(), StoreError> {
    keys.chunks(AT_ONCE)
        .try_for_each(|part| store.delete_many(part))
        .map_err(StoreError::of_write)
}
