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
