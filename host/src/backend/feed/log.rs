//! The latest events, for clients that poll.

use std::collections::VecDeque;

use super::{FeedEvent, ListenerId};
use crate::backend::Bucket;

/// How many events are kept.
const MAX_EVENTS: usize = 16_384;

/// How many bytes of keys are kept.
const MAX_BYTES: usize = 4 << 20;

/// The keys of a bucket that other clients have changed since a cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The keys without the bucket's prefix; `None`: every key may have changed.
    pub keys: Option<Vec<String>>,
    /// The cursor to continue from.
    pub cursor: u64,
}

/// Events in the order in which they were published, numbered.
#[derive(Default)]
pub(super) struct Log {
    events: VecDeque<(Option<ListenerId>, What)>,
    bytes: usize,
    /// The number of the last event that is no longer kept.
    forgotten: u64,
    /// No client has polled yet, so nothing is kept.
    is_idle: bool,
}

enum What {
    Key(Box<str>),
    /// All keys with a prefix.
    Under(Box<str>),
}

impl Log {
    pub(super) fn idle() -> Self {
        Self {
            is_idle: true,
            ..Self::default()
        }
    }

    pub(super) fn is_idle(&self) -> bool {
        self.is_idle
    }

    pub(super) fn note(&mut self, by: Option<ListenerId>, event: FeedEvent<'_>) {
        if self.is_idle {
            return;
        }
        let what = match event {
            FeedEvent::Key(key) => What::Key(key.into()),
            FeedEvent::Bucket(bucket) => What::Under(bucket.prefix().into()),
            FeedEvent::All | FeedEvent::Lost | FeedEvent::Restored => return self.forget_all(),
        };
        self.bytes += what.text().len();
        self.events.push_back((by, what));
        while self.events.len() > MAX_EVENTS || self.bytes > MAX_BYTES {
            let Some((_, oldest)) = self.events.pop_front() else {
                return;
            };
            self.bytes -= oldest.text().len();
            self.forgotten += 1;
        }
    }

    /// Returns what clients other than `by` have changed in a bucket since `since`; `None` asks for
    /// a first cursor.
    pub(super) fn since(&mut self, since: Option<u64>, by: ListenerId, bucket: &Bucket) -> Changes {
        self.is_idle = false;
        let cursor = self.forgotten + self.events.len() as u64;
        let known = since.filter(|since| (self.forgotten..=cursor).contains(since));
        let skipped = known.and_then(|since| usize::try_from(since - self.forgotten).ok());
        let keys = skipped.and_then(|skipped| {
            let events = self.events.iter().skip(skipped);
            let others = events.filter(|(whose, _)| *whose != Some(by));
            let keys = others.filter_map(|(_, what)| match what {
                What::Key(key) => Some(Some(bucket.strip(key)?.to_owned())),
                What::Under(prefix) => {
                    let overlaps = prefix.starts_with(bucket.prefix())
                        || bucket.prefix().starts_with(&**prefix);
                    overlaps.then_some(None)
                }
            });
            keys.collect()
        });
        Changes { keys, cursor }
    }

    fn forget_all(&mut self) {
        // One more, so that no earlier cursor is up to date.
        // One more, so that no earlier cursor is up to date.
        self.forgotten += self.events.len() as u64 + 1;
        self.events.clear();
        self.bytes = 0;
    }
}

impl What {
    fn text(&self) -> &str {
        match self {
            Self::Key(text) | Self::Under(text) => text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: ListenerId = ListenerId(1);
    const OTHER: ListenerId = ListenerId(2);

    fn bucket(name: &str) -> Bucket {
        Bucket::new(name).unwrap()
    }

    fn changed(log: &mut Log, since: u64, name: &str) -> Option<Vec<String>> {
        log.since(Some(since), ONE, &bucket(name)).keys
    }

    fn begun() -> (Log, u64) {
        let mut log = Log::idle();
        log.note(None, FeedEvent::Key("user:0"));
        let first = log.since(None, ONE, &bucket("user"));
        assert_eq!(first.keys, None, "the first cursor comes without changes");
        (log, first.cursor)
    }

    #[test]
    fn since_a_cursor_returns_changes_by_others_in_the_bucket() {
        let (mut log, start) = begun();
        log.note(None, FeedEvent::Key("user:1"));
        log.note(Some(ONE), FeedEvent::Key("user:2"));
        log.note(Some(OTHER), FeedEvent::Key("user:3"));
        log.note(None, FeedEvent::Key("other:4"));
        assert_eq!(
            changed(&mut log, start, "user"),
            Some(vec!["1".into(), "3".into()])
        );
        assert_eq!(changed(&mut log, start + 2, "user"), Some(vec!["3".into()]));
        assert_eq!(changed(&mut log, start + 4, "user"), Some(vec![]));
        assert_eq!(
            changed(&mut log, start + 5, "user"),
            None,
            "no page had this cursor"
        );
    }

    #[test]
    fn since_a_clear_of_an_overlapping_bucket_any_key_may_have_changed() {
        let (mut log, start) = begun();
        log.note(Some(OTHER), FeedEvent::Bucket(&bucket("user:admin")));
        assert_eq!(changed(&mut log, start, "user"), None);
        assert_eq!(changed(&mut log, start, "user:admin:x"), None);
        assert_eq!(changed(&mut log, start, "users"), Some(vec![]));
    }

    #[test]
    fn since_before_lost_or_forgotten_events_any_key_may_have_changed() {
        let (mut log, start) = begun();
        log.note(None, FeedEvent::Lost);
        assert_eq!(changed(&mut log, start, "user"), None);
        let now = log.since(None, ONE, &bucket("user")).cursor;
        for number in 0..=MAX_EVENTS {
            log.note(None, FeedEvent::Key(&format!("user:{number}")));
        }
        assert_eq!(changed(&mut log, now, "user"), None);
        assert_eq!(
            changed(&mut log, now + 1, "user").map(|keys| keys.len()),
            Some(MAX_EVENTS)
        );
    }
}
