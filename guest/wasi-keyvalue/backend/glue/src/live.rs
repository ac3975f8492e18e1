//! Which complete keys exist in the store and have not expired.

use std::collections::BTreeMap;

use crate::envelope::{self, Held};
use crate::store::{Store, StoreError};

/// Values read and held in one call. Counting keys reads all their values.
const AT_ONCE: usize = 32;

/// Returns what the existing keys hold. A repeated key is read once.
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
    // After the call, so that no remaining TTL is too long.
    let now = now();
    let held = found
        .into_iter()
        .map(|(key, stored)| (key, envelope::open(stored, now)));
    Ok(held.filter(|(_, held)| held.is_something()).collect())
}

/// Returns those of different keys that exist, in their order.
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

/// Returns how many of different keys exist.
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
