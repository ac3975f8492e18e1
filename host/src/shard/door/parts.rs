//! Calls in parts: what one call passes into an instance has room beside its entries.

use flipcache_core::{CacheId, Ticket, Write};
use wasmtime::Result;

use super::Door;
use super::guest::Guest;
use crate::shard::Shard as _;

/// The most bytes of keys that are passed at once: an instance has room for them beside its entries.
pub(super) const KEYS_AT_ONCE: usize = 1 << 20;

/// The bytes that are passed with a key: its hash, its end, and a ticket or a length.
const KEY_RECORD: usize = 24;

/// The bytes that are passed with a write.
const WRITE_RECORD: u64 = 40;

impl Door {
    /// Returns how many of these writes, at least one, are passed at once: their values together are no larger
    /// than one value may be.
    pub(super) fn takes_at_once(&self, writes: &[Write<'_>]) -> usize {
        let mut bytes = 0;
        let fit = writes.iter().take_while(|write| {
            bytes += WRITE_RECORD + write.key.len() as u64;
            bytes += write.written.map_or(0, |(value, _)| value.len() as u64);
            bytes <= self.max_bytes / 4
        });
        fit.count().max(1)
    }

    /// Returns the most bytes of keys that are begun at once. They are more than for reads, since each further part
    /// costs a call for every key before it.
    fn begun_at_once(&self) -> usize {
        let part = usize::try_from(self.max_bytes / 16).unwrap_or(usize::MAX);
        part.max(KEYS_AT_ONCE)
    }

    /// Begins calls to L2 for keys, as many at once as are passed, and returns a ticket for each.
    pub(super) fn begin_in_parts(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        begin: impl Fn(&mut Guest, &[(u64, &str)]) -> Result<Vec<Ticket>>,
    ) -> Vec<Ticket> {
        let (mut tickets, mut rest) = (Vec::with_capacity(keys.len()), keys);
        let mut last = 0;
        while !rest.is_empty() {
            let lengths = rest.iter().map(|(_, key)| key.len());
            let (first, others) = rest.split_at(keys_at_once(lengths, self.begun_at_once()));
            let begun = self.call(|guest| begin(guest, first));
            last = tickets.len();
            tickets.extend(begun.unwrap_or_else(|| vec![Ticket::VOID; first.len()]));
            rest = others;
        }
        // Keys share stripes: those that were begun later have made the tickets of the others old.
        for (ticket, (hash, key)) in tickets[..last].iter_mut().zip(keys) {
            *ticket = self.ticket(cache, *hash, key);
        }
        tickets
    }

    /// Ends reads that extend TTLs, as many at once as are passed.
    ///
    /// A part makes tickets of the others old where keys share stripes; their replies are then not stored.
    pub(super) fn end_extensions_in_parts(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        tickets: &[Ticket],
    ) -> Vec<Ticket> {
        let (mut ended, mut rest) = (Vec::with_capacity(keys.len()), keys);
        while !rest.is_empty() {
            let lengths = rest.iter().map(|(_, key)| key.len());
            let (first, others) = rest.split_at(keys_at_once(lengths, self.begun_at_once()));
            let tickets = &tickets[ended.len()..][..first.len()];
            let of_part = self.call(|guest| guest.end_extensions(cache, first, tickets));
            ended.extend(of_part.unwrap_or_else(|| vec![Ticket::VOID; first.len()]));
            rest = others;
        }
        ended
    }
}

/// Returns how many keys of these lengths, at least one, are passed in so many bytes.
pub(super) fn keys_at_once(lengths: impl Iterator<Item = usize>, max_bytes: usize) -> usize {
    let mut bytes = 0;
    let fit = lengths.take_while(|len| {
        bytes += KEY_RECORD + len;
        bytes <= max_bytes
    });
    fit.count().max(1)
}
