//! What has been told lately, for those who come and ask.

use std::collections::VecDeque;

use super::{ListenerId, News};
use crate::backend::Bucket;

/// So many news are remembered.
const MAX_NEWS: usize = 16_384;

/// So many bytes of keys are remembered.
const MAX_BYTES: usize = 4 << 20;

/// What others have changed in a bucket since a moment of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// The keys without the bucket's prefix; `None`: anything may have changed.
    pub keys: Option<Vec<String>>,
    /// The moment up to which this tells.
    pub cursor: u64,
}

/// News in the order in which they came, numbered.
#[derive(Default)]
pub(super) struct Log {
    news: VecDeque<(Option<ListenerId>, What)>,
    bytes: usize,
    /// The number of the last one that is not remembered any more.
    forgotten: u64,
    /// Nobody has asked yet: nothing is remembered.
    is_idle: bool,
}

enum What {
    Key(Box<str>),
    /// A prefix.
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

    pub(super) fn note(&mut self, by: Option<ListenerId>, news: News<'_>) {
        if self.is_idle {
            return;
        }
        let what = match news {
            News::Key(key) => What::Key(key.into()),
            News::Bucket(bucket) => What::Under(bucket.prefix().into()),
            News::Everything | News::Deaf | News::Hearing => return self.forget_all(),
        };
        self.bytes += what.text().len();
        self.news.push_back((by, what));
        while self.news.len() > MAX_NEWS || self.bytes > MAX_BYTES {
            let Some((_, oldest)) = self.news.pop_front() else {
                return;
            };
            self.bytes -= oldest.text().len();
            self.forgotten += 1;
        }
    }

    /// What others than `by` have changed in a bucket since `since`; `None`: nothing is known.
    pub(super) fn since(&mut self, since: Option<u64>, by: ListenerId, bucket: &Bucket) -> Changes {
        self.is_idle = false;
        let cursor = self.forgotten + self.news.len() as u64;
        let known = since.filter(|since| (self.forgotten..=cursor).contains(since));
        let skipped = known.and_then(|since| usize::try_from(since - self.forgotten).ok());
        let keys = skipped.and_then(|skipped| {
            let news = self.news.iter().skip(skipped);
            let others = news.filter(|(whose, _)| *whose != Some(by));
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
        // One more, so that nobody is up to date who was before this.
        self.forgotten += self.news.len() as u64 + 1;
        self.news.clear();
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

    fn asked(log: &mut Log, since: u64, name: &str) -> Option<Vec<String>> {
        log.since(Some(since), ONE, &bucket(name)).keys
    }

    fn begun() -> (Log, u64) {
        let mut log = Log::idle();
        log.note(None, News::Key("user:0"));
        let first = log.since(None, ONE, &bucket("user"));
        assert_eq!(first.keys, None, "the first cursor comes without news");
        (log, first.cursor)
    }

    #[test]
    fn since_a_cursor_tells_what_others_did_to_the_bucket() {
        let (mut log, start) = begun();
        log.note(None, News::Key("user:1"));
        log.note(Some(ONE), News::Key("user:2"));
        log.note(Some(OTHER), News::Key("user:3"));
        log.note(None, News::Key("other:4"));
        assert_eq!(
            asked(&mut log, start, "user"),
            Some(vec!["1".into(), "3".into()])
        );
        assert_eq!(asked(&mut log, start + 2, "user"), Some(vec!["3".into()]));
        assert_eq!(asked(&mut log, start + 4, "user"), Some(vec![]));
        assert_eq!(
            asked(&mut log, start + 5, "user"),
            None,
            "it never gave this cursor"
        );
    }

    #[test]
    fn since_a_clear_of_what_overlaps_anything_may_have_changed() {
        let (mut log, start) = begun();
        log.note(Some(OTHER), News::Bucket(&bucket("user:admin")));
        assert_eq!(asked(&mut log, start, "user"), None);
        assert_eq!(asked(&mut log, start, "user:admin:x"), None);
        assert_eq!(asked(&mut log, start, "users"), Some(vec![]));
    }

    #[test]
    fn since_before_deafness_or_what_is_forgotten_anything_may_have_changed() {
        let (mut log, start) = begun();
        log.note(None, News::Deaf);
        assert_eq!(asked(&mut log, start, "user"), None);
        let now = log.since(None, ONE, &bucket("user")).cursor;
        for number in 0..=MAX_NEWS {
            log.note(None, News::Key(&format!("user:{number}")));
        }
        assert_eq!(asked(&mut log, now, "user"), None);
        assert_eq!(
            asked(&mut log, now + 1, "user").map(|keys| keys.len()),
            Some(MAX_NEWS)
        );
    }
}
