//! Calls that write, from begin to end.

use std::time::Duration;

use super::step::{Content, KeyRef, Outcome};
use super::{ResolvedKey, World, id_of, wrapped};
use crate::fence::Ticket;
use crate::shard::Write;

/// The writes of one call to L2, all in one cache.
#[derive(Clone)]
pub(super) struct Call {
    writes: Vec<OneWrite>,
    /// `None`: it has not reached L2.
    outcome: Option<Outcome>,
}

#[derive(Clone)]
struct OneWrite {
    resolved: ResolvedKey,
    ticket: Ticket,
    /// The bumps of the key after the call began.
    bumps: u64,
    value: Option<(String, Option<u64>)>,
    /// Its index in the key's history, once it was executed.
    place: Option<usize>,
}

impl OneWrite {
    fn written(&self, outcome: Option<Outcome>) -> Option<(&[u8], Option<Duration>)> {
        let (value, ttl) = self.value.as_ref()?;
        let written = (value.as_bytes(), ttl.map(Duration::from_nanos));
        (outcome == Some(Outcome::Done)).then_some(written)
    }
}

impl World {
    pub(super) fn begin(&mut self, cache: u8, writes: &[(u8, Content)]) {
        let resolved_keys = writes
            .iter()
            .map(|(key, _)| self.resolved(KeyRef { cache, key: *key }));
        let resolved_keys: Vec<ResolvedKey> = resolved_keys.collect();
        if !self.is_open(cache) {
            return self.write_in_vain(&resolved_keys);
        }
        let keys: Vec<_> = resolved_keys
            .iter()
            .map(|resolved| (resolved.hash, resolved.key))
            .collect();
        let now = self.now();
        let tickets = match keys[..] {
            [(hash, key)] => vec![self.shard.begin_write(id_of(cache), hash, key, &|| now)],
            _ => self.shard.begin_writes(id_of(cache), &keys, &|| now),
        };
        assert_eq!(tickets.len(), keys.len());
        for resolved in &resolved_keys {
            self.l2.bump(&resolved.full_key);
            self.assert_gone(&resolved.full_key, None);
        }
        let writes = resolved_keys.into_iter().zip(tickets).zip(writes);
        let writes = writes.map(|((resolved, ticket), (_, content))| OneWrite {
            bumps: self.l2.bumps(&resolved.full_key),
            value: self.l2.value(*content),
            resolved,
            ticket,
            place: None,
        });
        self.calls.push(Call {
            writes: writes.collect(),
            outcome: None,
        });
    }

    /// Checks that a write to a cache that is not open stores nothing. No driver makes one: the
    /// shard cannot know whose keys these are, so it does not invalidate them in other caches.
    fn write_in_vain(&mut self, resolved_keys: &[ResolvedKey]) {
        let now = self.now();
        for ResolvedKey {
            cache, hash, key, ..
        } in resolved_keys.iter().cloned()
        {
            let ticket = self.shard.begin_write(cache, hash, key, &|| now);
            let written = Some((b"1".as_slice(), None));
            self.shard.end_write(cache, hash, key, ticket, written);
            assert_eq!(self.shard.peek(cache, hash, key, &|| now), None);
        }
    }

    pub(super) fn reach(&mut self, at: u8, outcome: Outcome) {
        let Some(at) = wrapped(at, self.calls.len()) else {
            return;
        };
        let call = &mut self.calls[at];
        if call.outcome.is_some() {
            return;
        }
        call.outcome = Some(outcome);
        if outcome != Outcome::Failed {
            for write in &mut call.writes {
                write.place = Some(self.l2.put(&write.resolved.full_key, write.value.clone()));
            }
        }
    }

    pub(super) fn end(&mut self, at: u8, again: bool) {
        let Some(at) = wrapped(at, self.calls.len()) else {
            return;
        };
        let call = if again || self.calls[at].outcome.is_none() {
            self.calls[at].clone()
        } else {
            self.calls.swap_remove(at)
        };
        self.tell_end(&call);
        // If a key is written twice, the last value counts.
        for (at, write) in call.writes.iter().enumerate() {
            let key = write.resolved.key;
            if !call.writes[at + 1..]
                .iter()
                .any(|later| later.resolved.key == key)
            {
                self.ended(write, call.outcome);
            }
        }
    }

    fn tell_end(&mut self, call: &Call) {
        let writes = call.writes.iter().map(|write| Write {
            hash: write.resolved.hash,
            key: write.resolved.key,
            ticket: write.ticket,
            written: write.written(call.outcome),
        });
        let writes: Vec<Write<'_>> = writes.collect();
        let Some(first) = call.writes.first() else {
            return;
        };
        let cache = first.resolved.cache;
        match writes[..] {
            [one] => self
                .shard
                .end_write(cache, one.hash, one.key, one.ticket, one.written),
            _ => self.shard.end_writes(cache, &writes),
        }
    }

    /// Checks that an entry after a write is what was written, and that nothing has happened since
    /// it began.
    fn ended(&mut self, write: &OneWrite, outcome: Option<Outcome>) {
        let full_key = &write.resolved.full_key;
        self.assert_gone(full_key, Some(write.resolved.cache));
        let bumps = self.l2.bumps(full_key);
        self.l2.bump(full_key);
        if let Some(place) = write.place {
            self.l2.kept(full_key, place);
        }
        let Some(held) = self.peek(&write.resolved) else {
            self.l2.bump(full_key);
            return;
        };
        let written = write.written(outcome).map(|(value, _)| value);
        assert_eq!(
            Some(&held[..]),
            written,
            "the entry differs from the written value"
        );
        assert_eq!(write.bumps, bumps, "an overlapped write was stored");
    }
}
