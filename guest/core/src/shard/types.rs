//! What the state machine is told, and what it answers.

use std::time::Duration;

use crate::fence::Ticket;

/// What the local tier says to a read.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<'a> {
    /// The value, in wire form. No question to L2.
    Hit(&'a [u8]),
    /// There is a live entry, but its life has to be prolonged in L2: ask with the new TTL, between
    /// [`Shard::begin_extensions`](crate::Shard::begin_extensions) and
    /// [`Shard::end_extensions`](crate::Shard::end_extensions). If L2 fails, [`Shard::peek`](crate::Shard::peek) still
    /// answers.
    ExtendTtl(Ticket),
    /// L2 has nothing for the key, as it said not long ago. No question to it.
    Absent,
    /// Ask L2, and settle its answer with this ticket.
    Miss(Ticket),
}

/// What L2 says to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendReply<'a> {
    /// It has nothing for the key.
    Absent {
        /// For how long this is remembered, counted from before the question; zero: not at all.
        remember: Duration,
    },
    /// It has something that is not a plain string.
    WrongType,
    /// It has a value.
    Entry {
        /// The value, in wire form.
        value: &'a [u8],
        /// What is left of its life, counted from before the question; `None`: it does not expire.
        ttl: Option<Duration>,
    },
}

impl<'a> BackendReply<'a> {
    /// The value, in wire form, if it is one.
    pub(crate) fn value(self) -> Option<&'a [u8]> {
        match self {
            Self::Entry { value, .. } => Some(value),
            Self::Absent { .. } | Self::WrongType => None,
        }
    }
}

/// What became of L2's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// The local tier answers it from now on.
    Stored,
    /// The reader may have it, the local tier has not: it is absent, too large, or may be old.
    NotStored,
    /// The bytes are not of the cache's value type.
    Undecodable,
}

/// What became of one write of a call to L2.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The hash of the complete key.
    pub hash: u64,
    /// The key.
    pub key: &'a str,
    /// The ticket from before the call.
    pub ticket: Ticket,
    /// The value that L2 holds now, in wire form, and its TTL; `None`: deleted, failed, or unknown.
    pub written: Option<(&'a [u8], Option<Duration>)>,
}
