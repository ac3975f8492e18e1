//! What a guest has answered in its memory, by the canonical ABI: records of numbers and lists.
//!
//! An address outside the memory is an error, not a panic: it was a guest's.

use wasmtime::{Result, bail};

/// A record, by its address.
pub(super) struct Record<'a> {
    bytes: &'a [u8],
    memory: &'a [u8],
}

impl<'a> Record<'a> {
    /// The record of `size` bytes at an address.
    pub(super) fn new(memory: &'a [u8], address: u32, size: usize) -> Result<Self> {
        let bytes = list(memory, address, size)?;
        Ok(Self { bytes, memory })
    }

    /// The case of a variant, which comes first.
    pub(super) fn case(&self) -> u8 {
        self.bytes.first().copied().unwrap_or(0)
    }

    /// The truth value in the field at an offset.
    pub(super) fn flag(&self, at: usize) -> bool {
        self.bytes.get(at).is_some_and(|byte| *byte != 0)
    }

    /// The number in the field at an offset.
    pub(super) fn u32(&self, at: usize) -> u32 {
        numbers_u32(&self.bytes[at..]).next().unwrap_or(0)
    }

    /// The number in the field at an offset.
    pub(super) fn u64(&self, at: usize) -> u64 {
        numbers_u64(&self.bytes[at..]).next().unwrap_or(0)
    }

    /// The items of the list in the field at an offset.
    pub(super) fn list(&self, at: usize, item_size: usize) -> Result<&'a [u8]> {
        let len = self.u32(at + 4) as usize;
        list(self.memory, self.u32(at), len.saturating_mul(item_size))
    }
}

/// The items of a list of numbers.
pub(super) fn numbers_u32(list: &[u8]) -> impl Iterator<Item = u32> {
    list.as_chunks()
        .0
        .iter()
        .map(|item| u32::from_le_bytes(*item))
}

/// The items of a list of numbers.
pub(super) fn numbers_u64(list: &[u8]) -> impl Iterator<Item = u64> {
    list.as_chunks()
        .0
        .iter()
        .map(|item| u64::from_le_bytes(*item))
}

fn list(memory: &[u8], address: u32, size: usize) -> Result<&[u8]> {
    let start = address as usize;
    match memory.get(start..start.saturating_add(size)) {
        Some(bytes) => Ok(bytes),
        None => bail!("the shard answered an address outside its memory"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Near the ends of a small memory, and anywhere.
    fn number() -> impl Strategy<Value = u32> {
        prop_oneof![0..100u32, any::<u32>()]
    }

    proptest! {
        #[test]
        fn record_any_address_is_in_the_memory_or_an_error(
            memory in vec(any::<u8>(), 0..100),
            address in number(),
            size in 0..100usize,
        ) {
            let record = Record::new(&memory, address, size);
            prop_assert_eq!(record.is_ok(), address as usize + size <= memory.len());
            if let Ok(record) = record {
                prop_assert_eq!(record.case(), record.bytes.first().copied().unwrap_or(0));
                for at in 0..=size {
                    record.u32(at);
                    record.u64(at);
                }
            }
        }

        #[test]
        fn list_of_any_numbers_is_in_the_memory_or_an_error(
            mut memory in vec(any::<u8>(), 8..100),
            address in number(),
            len in number(),
            item_size in 1..100usize,
        ) {
            memory[..4].copy_from_slice(&address.to_le_bytes());
            memory[4..8].copy_from_slice(&len.to_le_bytes());
            let record = Record::new(&memory, 0, 8).expect("it is in the memory");
            let list = record.list(0, item_size);
            let end = address as usize + len as usize * item_size;
            prop_assert_eq!(list.is_ok(), end <= memory.len());
            if let Ok(list) = list {
                prop_assert_eq!(list, &memory[address as usize..end]);
                prop_assert!(numbers_u32(list).count() <= list.len() / 4);
                prop_assert!(numbers_u64(list).count() <= list.len() / 8);
            }
        }
    }
}
