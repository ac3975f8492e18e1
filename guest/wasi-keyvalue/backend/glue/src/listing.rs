//! Listings of a bucket's keys, filtered from the keys of the whole store.

use std::collections::BTreeSet;

use crate::store::{Store, StoreError};

/// Maximum number of keys in a page.
const LONGEST_PAGE: usize = 1_000;

/// Maximum number of the host's pages, after which a listing counts as endless.
const MOST_PAGES: usize = 10_000;

/// A page of keys: complete keys that begin with a prefix, sorted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) keys: Vec<String>,
    pub(crate) next: Option<Cursor>,
}

/// The start of a page. The host chooses the length of its pages, so one of them may become several
/// of ours. It is then listed again, and the keys that were returned are skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// The host's cursor; `None`: its first page.
    host: Option<String>,
    /// The last key returned of that page; `None`: none was.
    after: Option<String>,
}

impl Cursor {
    /// Parses a cursor; `None` unless [`tell`](Self::tell) returned it.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (len, rest) = text.split_once(':')?;
        let (has_host, len) = match len {
            "" => (false, 0),
            len => (true, len.parse().ok()?),
        };
        let (host, rest) = rest.split_at_checked(len)?;
        let after = match rest {
            "" => None,
            rest => Some(rest.strip_prefix('>')?.to_owned()),
        };
        Some(Self {
            host: has_host.then(|| host.to_owned()),
            after,
        })
    }

    /// Returns the cursor as text, for the caller to pass back.
    pub(crate) fn tell(&self) -> String {
        let mut text = match &self.host {
            Some(host) => format!("{}:{host}", host.len()),
            None => ":".to_owned(),
        };
        if let Some(after) = &self.after {
            text.push('>');
            text.push_str(after);
        }
        text
    }
}

/// Returns a page of the keys that begin with the prefix: at most `limit`, which counts as 1 if it
/// is 0.
pub(crate) fn page<S: Store>(
    store: &S,
    prefix: &str,
    cursor: Cursor,
    limit: u32,
) -> Result<Page, StoreError> {
    let limit = usize::try_from(limit).unwrap_or(LONGEST_PAGE);
    let limit = limit.clamp(1, LONGEST_PAGE);
    let listed = store.list_keys(cursor.host.as_deref())?;
    let after = cursor.after.as_deref();
    let own: BTreeSet<String> = listed
        .keys
        .into_iter()
        .filter(|key| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after))
        .collect();
    let is_cut = own.len() > limit;
    let keys: Vec<String> = own.into_iter().take(limit).collect();
    let next = if is_cut {
        Some(Cursor {
            host: cursor.host,
            after: keys.last().cloned(),
        })
    } else {
        listed.cursor.map(|host| Cursor {
            host: Some(host),
            after: None,
        })
    };
    Ok(Page { keys, next })
}

/// Returns all keys that begin with the prefix, without repetitions.
pub(crate) fn all<S: Store>(store: &S, prefix: &str) -> Result<Vec<String>, StoreError> {
    let mut keys = BTreeSet::new();
    let mut cursor = None;
    for _ in 0..MOST_PAGES {
        let page = store.list_keys(cursor.as_deref())?;
        keys.extend(page.keys.into_iter().filter(|key| key.starts_with(prefix)));
        if page.cursor.is_none() {
            return Ok(keys.into_iter().collect());
        }
        cursor = page.cursor;
    }
    Err(StoreError::Endless(MOST_PAGES))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::double::Double;

    /// All pages of a limit, as their keys.
    fn pages(store: &Double, prefix: &str, limit: u32) -> Vec<Vec<String>> {
        let mut pages = Vec::new();
        let mut cursor = Some(Cursor::default());
        while let Some(at) = cursor {
            let told = at.tell();
            assert_eq!(Cursor::parse(&told), Some(at.clone()), "{told}");
            let page = page(store, prefix, at, limit).expect("it must be listed");
            pages.push(page.keys);
            cursor = page.next;
        }
        pages
    }

    #[test]
    fn page_of_a_host_that_lists_all_at_once_is_cut_and_goes_on() {
        let store = Double::with(["u:1", "x:1", "u:2", "u:3", "u", "uu:1", "u:"]);
        assert_eq!(
            pages(&store, "u:", 2),
            [vec!["u:", "u:1"], vec!["u:2", "u:3"]]
        );
        assert_eq!(pages(&store, "u:", 0).len(), 4, "0 counts as 1");
        assert_eq!(pages(&store, "none:", 2), [Vec::<String>::new()]);
    }

    #[test]
    fn page_of_a_host_with_short_pages_may_be_empty_before_the_last() {
        let store = Double::with(["a:1", "u:1", "x:1", "x:2"]).in_pages_of(1);
        let listed = pages(&store, "u:", 10);
        assert!(
            listed.len() >= 4 && listed.concat() == ["u:1"],
            "{listed:?}"
        );
    }

    #[test]
    fn all_keys_are_each_listed_once_though_pages_repeat_them() {
        let store = Double::with(["u:1", "u:2", "x:1"])
            .in_pages_of(1)
            .repeating();
        assert_eq!(all(&store, "u:"), Ok(vec!["u:1".into(), "u:2".into()]));
    }

    #[test]
    fn all_of_a_list_without_end_is_an_error() {
        let store = Double::with(["u:1"]).without_end();
        assert_eq!(all(&store, "u:"), Err(StoreError::Endless(MOST_PAGES)));
    }

    #[test]
    fn parse_other_text_is_none() {
        for text in [
            "",
            "x",
            "5:abc",
            "-1:",
            "1:ä",
            ":x",
            "1:ab",
            "99999999999999999999:",
        ] {
            assert_eq!(Cursor::parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parse_cursor_text_is_the_same_cursor(host: Option<String>, after: Option<String>) {
            let cursor = Cursor { host, after };
            prop_assert_eq!(Cursor::parse(&cursor.tell()), Some(cursor));
        }

        #[test]
        fn parse_any_text_does_not_panic(text: String) {
            let _ = Cursor::parse(&text);
        }
    }
}
