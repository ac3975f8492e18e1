//! What a read answers where L2 has not: an entry of before, or the cache's default.

use super::Driver;
use super::read::{Question, Reason};
use crate::bindings::exports::flipcache::cache::cache::{Error, Found, Source};
use crate::bindings::flipcache::cache::kv_backend::Slot;
use crate::bindings::flipcache::cache::types::BackendError;
use crate::state::{clock, with_shard};

impl Driver {
    /// When L2 fails: the local tier's own answers, if it has one to every question. `None` else.
    pub(super) fn answer_without_l2(
        &self,
        questions: &[Question],
        may_be_stale: bool,
        answers: &mut [Found],
    ) -> Option<()> {
        let unheard = self.unheard_for();
        let window = self.resilience.stale_on_error;
        for Question {
            at,
            key,
            hash,
            reason,
            ..
        } in questions
        {
            let live = || match reason {
                Reason::Renewed => with_shard(|shard| {
                    let wire = shard.peek(self.cache, *hash, key, &clock)?;
                    self.found(key, wire, Source::Local).ok()
                }),
                Reason::Missing | Reason::Prolonged => None,
            };
            let stale = || {
                with_shard(|shard| {
                    let wire = shard.stale(self.cache, *hash, key, window, unheard, &clock)?;
                    self.found(key, wire, Source::Stale).ok()
                })
            };
            let found = live().or_else(|| may_be_stale.then(stale).flatten());
            answers[*at] = found?;
        }
        Some(())
    }

    /// Returns the default for keys that are in neither tier, and stores it where the cache says
    /// so. A default that cannot be stored is returned all the same: L2 has just said that the keys
    /// are absent.
    pub(super) fn answer_default(
        &self,
        absent: Vec<Question>,
        answers: &mut [Found],
    ) -> Result<(), Error> {
        let Some(default) = &self.options.default else {
            return Ok(());
        };
        let found = || Found {
            value: Some(default.clone().into()),
            source: Source::Default,
        };
        for question in &absent {
            answers[question.at] = found();
        }
        if absent.is_empty() || !self.options.store_default {
            return Ok(());
        }
        let wire = default.encode(self.options.value_type)?.into_owned();
        let entries = absent
            .iter()
            .map(|question| (question.key.clone(), wire.clone()));
        let Ok(held) = self.put_if_absent(entries.collect(), self.options.ttl) else {
            return Ok(());
        };
        for (question, held) in absent.iter().zip(held) {
            match held {
                // Absent again already, or just written: the default it is.
                None | Some(Slot::Absent) => {}
                Some(Slot::WrongType) => return Err(Error::WrongType(question.key.clone())),
                Some(Slot::Entry(entry)) => {
                    answers[question.at] =
                        self.found(&question.key, &entry.value, Source::Backend)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether L2 has failed in a way that stale answers are for: it said nothing about the key or the caller.
pub(super) fn is_outage(error: &BackendError) -> bool {
    matches!(
        error,
        BackendError::Unavailable(_) | BackendError::OutcomeUnknown(_) | BackendError::Timeout
    )
}
