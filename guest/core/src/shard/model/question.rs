//! Requests that read, from when they leave until their replies are settled.

use std::time::Duration;

use super::l2::Asked;
use super::{Spot, World, wrapped};
use crate::fence::Ticket;
use crate::shard::Settled;

#[derive(Clone)]
pub(super) struct Question {
    spot: Spot,
    ticket: Ticket,
    asked: Asked,
    /// It gives the key a new TTL.
    extends: bool,
}

impl World {
    /// Asks with a new TTL. A write by another client just before may then go without a push.
    pub(super) fn extend(&mut self, spot: Spot, new_ttl: u64) {
        let now = self.now();
        let held = self.peek(&spot);
        let keys = [(spot.hash, spot.key)];
        let begun = self
            .shard
            .begin_extensions(spot.cache, &keys, &|| now)
            .into_iter();
        let ticket = begun.last().expect("one ticket for one key");
        self.l2.bump_questions(&spot.full_key);
        assert_eq!(self.peek(&spot), held, "its entry goes on to serve");
        if self.has(spot.cache) {
            self.assert_gone(&spot.full_key, Some(spot.cache));
        }
        self.ask(spot, ticket, Some(new_ttl));
    }

    /// The ticket to settle the reply with. Requests of this cache that were sent before now fill nothing.
    fn end_extension(&mut self, Question { spot, ticket, .. }: &Question) -> Ticket {
        let keys = [(spot.hash, spot.key)];
        let ended = self.shard.end_extensions(spot.cache, &keys, &[*ticket]);
        self.l2.bump_questions(&spot.full_key);
        if self.has(spot.cache) {
            self.assert_gone(&spot.full_key, Some(spot.cache));
        }
        ended.into_iter().last().expect("one ticket for one key")
    }

    pub(super) fn ask(&mut self, spot: Spot, ticket: Ticket, new_ttl: Option<u64>) {
        let asked = self.l2.ask(&spot.full_key, new_ttl);
        self.questions.push(Question {
            spot,
            ticket,
            asked,
            extends: new_ttl.is_some(),
        });
    }

    pub(super) fn lose(&mut self, at: usize) {
        let lost = self.questions.swap_remove(at);
        if lost.extends {
            self.end_extension(&lost);
        }
        self.shard.failed(lost.spot.cache);
    }

    pub(super) fn settle(&mut self, at: u8, again: bool, remember: u8) {
        let Some(at) = wrapped(at, self.questions.len()) else {
            return;
        };
        let question = if again {
            self.questions[at].clone()
        } else {
            self.questions.swap_remove(at)
        };
        let bumps = self.l2.bumps(&question.spot.full_key);
        let ended = question.extends.then(|| self.end_extension(&question));
        let Question {
            spot,
            ticket,
            asked,
            ..
        } = question;
        let ticket = ended.unwrap_or(ticket);
        if ended.is_some() && self.has(spot.cache) {
            self.l2.seen(&spot.full_key, &asked);
        }
        let answer = asked.answer(Duration::from_nanos(remember.into()));
        let settled = self
            .shard
            .settle(spot.cache, spot.hash, spot.key, ticket, answer);
        let held = self.peek(&spot);
        if settled == Settled::Kept {
            assert_eq!(asked.bumps, bumps, "an answer from before a bump was kept");
            assert!(
                !self.is_suspended,
                "something was kept while nobody tells of changes"
            );
            // It may have expired on the way.
            let deadline = asked
                .ttl
                .map(|ttl| Duration::from_nanos(ticket.asked.as_nanos()) + ttl);
            let lives = deadline.is_none_or(|end| end > Duration::from_nanos(self.l2.now));
            let value = asked.value().map(str::as_bytes);
            assert_eq!(
                held.as_deref(),
                value.filter(|_| lives),
                "it is not what was kept"
            );
        }
        if settled == Settled::Undecodable {
            assert_eq!(held, None, "an entry outlived what is of another type");
        }
    }
}
