//! Requests that read, from when they are sent until their replies are settled.

use std::time::Duration;

use super::l2::Reply;
use super::{ResolvedKey, World, wrapped};
use crate::fence::Ticket;
use crate::shard::FillOutcome;

#[derive(Clone)]
pub(super) struct Request {
    resolved: ResolvedKey,
    ticket: Ticket,
    asked: Reply,
    /// It extends the key's TTL.
    extends: bool,
}

impl World {
    /// Sends a read with a new TTL. A write by another client just before it may then go
    /// unannounced.
    pub(super) fn extend(&mut self, resolved: ResolvedKey, new_ttl: u64) {
        let now = self.now();
        let held = self.peek(&resolved);
        let keys = [(resolved.hash, resolved.key)];
        let begun = self
            .shard
            .begin_extensions(resolved.cache, &keys, &|| now)
            .into_iter();
        let ticket = begun.last().expect("one ticket for one key");
        self.l2.bump_requests(&resolved.full_key);
        assert_eq!(self.peek(&resolved), held, "its entry is still served");
        if self.has(resolved.cache) {
            self.assert_gone(&resolved.full_key, Some(resolved.cache));
        }
        self.ask(resolved, ticket, Some(new_ttl));
    }

    /// Returns the ticket to settle the reply with. Requests of this cache that were sent before
    /// now may fill nothing.
    fn end_extension(
        &mut self,
        Request {
            resolved, ticket, ..
        }: &Request,
    ) -> Ticket {
        let keys = [(resolved.hash, resolved.key)];
        let ended = self.shard.end_extensions(resolved.cache, &keys, &[*ticket]);
        self.l2.bump_requests(&resolved.full_key);
        if self.has(resolved.cache) {
            self.assert_gone(&resolved.full_key, Some(resolved.cache));
        }
        ended.into_iter().last().expect("one ticket for one key")
    }

    pub(super) fn ask(&mut self, resolved: ResolvedKey, ticket: Ticket, new_ttl: Option<u64>) {
        let asked = self.l2.ask(&resolved.full_key, new_ttl);
        self.requests.push(Request {
            resolved,
            ticket,
            asked,
            extends: new_ttl.is_some(),
        });
    }

    pub(super) fn fail_request(&mut self, at: usize) {
        let lost = self.requests.swap_remove(at);
        if lost.extends {
            self.end_extension(&lost);
        }
        self.shard.failed(lost.resolved.cache);
    }

    pub(super) fn settle(&mut self, at: u8, again: bool, remember: u8) {
        let Some(at) = wrapped(at, self.requests.len()) else {
            return;
        };
        let request = if again {
            self.requests[at].clone()
        } else {
            self.requests.swap_remove(at)
        };
        let bumps = self.l2.bumps(&request.resolved.full_key);
        let ended = request.extends.then(|| self.end_extension(&request));
        let Request {
            resolved,
            ticket,
            asked,
            ..
        } = request;
        let ticket = ended.unwrap_or(ticket);
        if ended.is_some() && self.has(resolved.cache) {
            self.l2.seen(&resolved.full_key, &asked);
        }
        let reply = asked.backend_reply(Duration::from_nanos(remember.into()));
        let settled = self
            .shard
            .settle(resolved.cache, resolved.hash, resolved.key, ticket, reply);
        let held = self.peek(&resolved);
        if settled == FillOutcome::Stored {
            assert_eq!(asked.bumps, bumps, "a reply from before a bump was stored");
            assert!(!self.is_suspended, "a reply was stored while suspended");
            // It may have expired before its reply arrived.
            let deadline = asked
                .ttl
                .map(|ttl| Duration::from_nanos(ticket.asked.as_nanos()) + ttl);
            let is_live = deadline.is_none_or(|end| end > Duration::from_nanos(self.l2.now));
            let value = asked.value().map(str::as_bytes);
            assert_eq!(
                held.as_deref(),
                value.filter(|_| is_live),
                "the entry differs from the stored reply"
            );
        }
        if settled == FillOutcome::Undecodable {
            assert_eq!(held, None, "an entry outlived a reply of another type");
        }
    }
}
