//! The functions of the interface `driver` that begin and end calls which write.

use flipcache_core::{CacheId, Ticket, Write};
use wasmtime::{Result, bail};

use super::exports::{Answering, Exports};
use super::functions::{millis, ticket};
use super::guest::Guest;
use super::memory::numbers_u64;

impl Guest {
    pub(super) fn begin_writes(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
    ) -> Result<Vec<Ticket>> {
        self.begin(|exports| &exports.begin_writes, cache, keys)
    }

    pub(super) fn begin_extensions(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
    ) -> Result<Vec<Ticket>> {
        self.begin(|exports| &exports.begin_extensions, cache, keys)
    }

    fn begin(
        &mut self,
        function: impl FnOnce(&Exports) -> &Answering<(u32, u32, u32, u32, u32, u32, u32)>,
        cache: CacheId,
        keys: &[(u64, &str)],
    ) -> Result<Vec<Ticket>> {
        let [hashes, passed, ends] = self.pass_keys(keys)?;
        let params = (
            cache.number(),
            hashes.0,
            hashes.1,
            passed.0,
            passed.1,
            ends.0,
            ends.1,
        );
        let tickets: Vec<_> = self.answering(function, params, 16, |answer| {
            let asked = answer.u64(8);
            let versions = numbers_u64(answer.list(0, 8)?);
            Ok(versions.map(|version| ticket(version, asked)).collect())
        })?;
        one_for_each(tickets, keys)
    }

    pub(super) fn end_extensions(
        &mut self,
        cache: CacheId,
        keys: &[(u64, &str)],
        tickets: &[Ticket],
    ) -> Result<Vec<Ticket>> {
        let versions = tickets
            .iter()
            .flat_map(|ticket| ticket.version.to_le_bytes());
        let (versions, _) = self.pass(&versions.collect::<Vec<u8>>(), 8)?;
        let [hashes, passed, ends] = self.pass_keys(keys)?;
        let params = (
            cache.number(),
            hashes.0,
            hashes.1,
            versions,
            u32::try_from(tickets.len())?,
            passed.0,
            passed.1,
            ends.0,
            ends.1,
        );
        let ended = self.answering(
            |exports| &exports.end_extensions,
            params,
            8,
            |answer| {
                let versions = numbers_u64(answer.list(0, 8)?).zip(tickets);
                let next = |(version, begun): (u64, &Ticket)| Ticket { version, ..*begun };
                Ok(versions.map(next).collect())
            },
        )?;
        one_for_each(ended, keys)
    }

    /// The writes of one call, whose tickets are of one moment.
    pub(super) fn end_writes(&mut self, cache: CacheId, writes: &[Write<'_>]) -> Result<()> {
        let asked = writes
            .first()
            .map_or(0, |write| write.ticket.asked.as_nanos());
        let (mut records, mut keys, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for write in writes {
            let (value, ttl) = write.written.unwrap_or_default();
            keys.extend_from_slice(write.key.as_bytes());
            values.extend_from_slice(value);
            // The fields of the record `write` as the canonical ABI lays them out.
            records.extend(write.hash.to_le_bytes());
            records.extend(write.ticket.version.to_le_bytes());
            records.extend(millis(ttl).to_le_bytes());
            records.extend(u32::try_from(keys.len())?.to_le_bytes());
            records.extend(u32::try_from(values.len())?.to_le_bytes());
            records.extend(u64::from(write.written.is_some()).to_le_bytes());
        }
        let (records_at, _) = self.pass(&records, 8)?;
        let (keys_at, keys_len) = self.pass(&keys, 1)?;
        let (values_at, values_len) = self.pass(&values, 1)?;
        let params = (
            cache.number(),
            asked,
            records_at,
            u32::try_from(writes.len())?,
            keys_at,
            keys_len,
            values_at,
            values_len,
        );
        self.exports.end_writes.call(&mut self.store, params)
    }
}

fn one_for_each(tickets: Vec<Ticket>, keys: &[(u64, &str)]) -> Result<Vec<Ticket>> {
    if tickets.len() != keys.len() {
        bail!("the shard answered another number of tickets");
    }
    Ok(tickets)
}
