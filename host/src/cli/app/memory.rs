//! The memory limit of the instances in one store.

use wasmtime::ResourceLimiter;

/// An entry of a table is a pointer of the host.
const TABLE_ENTRY: usize = size_of::<usize>();

/// A budget for all memories and tables of a store together. An application with the cache composed
/// in has several.
#[derive(Debug)]
pub(super) struct MemoryLimit {
    max: usize,
    used: usize,
    refused: bool,
}

impl MemoryLimit {
    pub(super) fn new(max: usize) -> Self {
        Self {
            max,
            used: 0,
            refused: false,
        }
    }

    /// Returns the budget in bytes.
    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// Returns whether the guest has requested more than the budget. That growth failed, and most
    /// guests then trap.
    pub(super) fn is_refused(&self) -> bool {
        self.refused
    }

    /// Takes bytes from the budget if it has them. They stay taken if the growth then fails: a
    /// guest that could have them returned would have no limit.
    fn take(&mut self, bytes: usize) -> bool {
        match self.used.checked_add(bytes) {
            Some(used) if used <= self.max => {
                self.used = used;
                true
            }
            _ => {
                self.refused = true;
                false
            }
        }
    }
}

impl ResourceLimiter for MemoryLimit {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(maximum.is_none_or(|max| desired <= max) && self.take(desired.saturating_sub(current)))
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let bytes = desired.saturating_sub(current).saturating_mul(TABLE_ENTRY);
        Ok(maximum.is_none_or(|max| desired <= max) && self.take(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_growing_beyond_the_budget_of_all_is_refused() {
        let mut limit = MemoryLimit::new(100);
        let mut grow = |from, to| limit.memory_growing(from, to, None).expect("no trap");
        assert!(grow(0, 60), "one memory");
        assert!(!grow(0, 60), "a second is too much");
        assert!(grow(60, 100), "the first may still have the rest");
        assert!(!grow(100, 101));
        assert!(limit.is_refused());
    }

    #[test]
    fn memory_growing_beyond_its_own_maximum_costs_nothing() {
        let mut limit = MemoryLimit::new(100);
        let grown = limit.memory_growing(0, 60, Some(50)).expect("no trap");
        assert!(!grown && !limit.is_refused());
        assert!(limit.memory_growing(0, 100, None).expect("no trap"));
    }

    #[test]
    fn table_growing_counts_a_pointer_for_an_entry() {
        let mut limit = MemoryLimit::new(10 * TABLE_ENTRY);
        assert!(limit.table_growing(0, 10, None).expect("no trap"));
        assert!(!limit.table_growing(10, 11, None).expect("no trap"));
        assert!(!limit.table_growing(0, usize::MAX, None).expect("no trap"));
    }
}
