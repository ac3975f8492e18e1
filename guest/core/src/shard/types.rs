//! The arguments and results of the state machine.

use std::time::Duration;

use crate::fence::Ticket;

/// The result of a read of the local tier.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<'a> {
    /// The value, in wire form. No request to L2 is needed.
    Hit(&'a [u8]),
    /// The entry is live, but its TTL has to be extended in L2. Read L2 with the new TTL between
    /// [`Shard::begin_extensions`](crate::Shard::begin_extensions) and
    /// [`Shard::end_extensions`](crate::Shard::end_extensions). If L2 fails,
    /// [`Shard::peek`](crate::Shard::peek) still returns the entry.
    ExtendTtl(Ticket),
    /// L2 recently had no value for the key, and that is cached. No request to L2 is needed.
    Absent,
    /// Read L2 and settle its reply with this ticket.
    Miss(Ticket),
}

/// The reply of L2 to a read of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendReply<'a> {
    /// L2 has no value for the key.
    Absent {
        /// How long the absence is cached, from before the request was sent; zero: not at all.
        remember: Duration,
    },
    /// The key holds something other than a plain string.
    WrongType,
    /// L2 has a value.
    Entry {
        /// The value, in wire form.
        value: &'a [u8],
        /// The remaining TTL, from before the request was sent; `None`: the value does not expire.
        ttl: Option<Duration>,
    },
}

impl<'a> BackendReply<'a> {
    /// Returns the value in wire form, if there is one.
    pub(crate) fn value(self) -> Option<&'a [u8]> {
        match self {
            Self::Entry { value, .. } => Some(value),
            Self::Absent { .. } | Self::WrongType => None,
        }
    }
}

/// The outcome of a reply of L2 in the local tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FillOutcome {
    /// The reply is stored, and the local tier serves it from now on.
    Stored,
    /// The reply may go to the reader but is not stored: it is an uncached absence, too large, or
    /// may be outdated.
    NotStored,
    /// The bytes are not of the cache's value type.
    Undecodable,
}

/// The outcome of one write of a call to L2.
#[derive(Clone, Copy, Debug)]
pub struct Write<'a> {
    /// The hash of the complete key.
    pub hash: u64,
    /// The key.
    pub key: &'a str,
    /// The ticket that was taken before the call.
    pub ticket: Ticket,
    /// The value that L2 holds now, in wire form, and its TTL; `None`: deleted, failed, or unknown.
    pub written: Option<(&'a [u8], Option<Duration>)>,
}
