//! What stands in the store in the place of a value, so that it can expire.
//!
//! | value | stored |
//! |---|---|
//! | lives for ever | as it is |
//! | lives for ever, begins with [`MAGIC`] | an envelope with zeros in the place of both numbers |
//! | has a time to live | an envelope |
//!
//! An envelope is the four bytes of [`MAGIC`]; the deadline in milliseconds of Unix time and the time to live that the
//! value was written with in milliseconds, both as 64 bits, the highest byte first; then the value.
//!
//! So whatever else somebody has put into the store is a value that lives for ever. Text never begins with
//! [`MAGIC`], which is no UTF-8.
//!
//! The wall clock may be wrong, or be set. Where it is behind the one that an entry was written by, the entry lives
//! longer by as much; but never is more left of its life than it was written with: a local tier keeps nothing for
//! longer than that. Where it is ahead, the entry ends sooner.

/// What an envelope begins with.
pub(crate) const MAGIC: [u8; 4] = [0xff, b'F', b'C', 0x01];

/// How long what stands before the value is.
const HEAD: usize = 20;

/// What the store holds, as it is to be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A value, and how many milliseconds of its life are left; `None`: it has no end. Never 0.
    Value { value: Vec<u8>, left: Option<u64> },
    /// A value whose life is over.
    Over,
    /// What begins as an envelope and is none.
    Damaged,
}

impl Held {
    /// Whether the key counts as one that is there.
    pub(crate) fn is_something(&self) -> bool {
        *self != Self::Over
    }
}

/// What is to be stored of a value. `now` is Unix time in milliseconds; a time to live is not 0.
pub(crate) fn seal(value: Vec<u8>, ttl: Option<u64>, now: u64) -> Vec<u8> {
    let (deadline, ttl) = match ttl {
        Some(ttl) => (now.saturating_add(ttl), ttl),
        None if value.starts_with(&MAGIC) => (0, 0),
        None => return value,
    };
    [
        &MAGIC[..],
        &deadline.to_be_bytes(),
        &ttl.to_be_bytes(),
        &value,
    ]
    .concat()
}

/// What is to be stored of a value that takes the place of another and keeps its deadline.
///
/// `stored` is something that [`open`] finds a value in.
pub(crate) fn replace(stored: &[u8], value: Vec<u8>) -> Vec<u8> {
    match stored.get(..HEAD) {
        Some(head) if stored.starts_with(&MAGIC) => [head, &value].concat(),
        _ => seal(value, None, 0),
    }
}

/// What stored bytes mean at the moment `now`.
pub(crate) fn open(mut stored: Vec<u8>, now: u64) -> Held {
    if !stored.starts_with(&MAGIC) {
        return Held::Value {
            value: stored,
            left: None,
        };
    }
    let left = match (number_at(&stored, 4), number_at(&stored, 12)) {
        (Some(0), Some(0)) => None,
        (None, _) | (_, None | Some(0)) => return Held::Damaged,
        (Some(deadline), Some(ttl)) => match deadline.saturating_sub(now).min(ttl) {
            0 => return Held::Over,
            left => Some(left),
        },
    };
    stored.drain(..HEAD);
    Held::Value {
        value: stored,
        left,
    }
}

fn number_at(stored: &[u8], at: usize) -> Option<u64> {
    let bytes = stored.get(at..)?.first_chunk()?;
    Some(u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: u64 = 1_800_000_000_000;

    fn value(bytes: &[u8], left: Option<u64>) -> Held {
        let value = bytes.to_vec();
        Held::Value { value, left }
    }

    #[test]
    fn seal_lasting_value_is_stored_as_it_is_unless_it_looks_like_an_envelope() {
        assert_eq!(seal(b"Ada".to_vec(), None, NOW), b"Ada");
        let like_one = [&MAGIC[..], b"x"].concat();
        let stored = seal(like_one.clone(), None, NOW);
        assert_eq!(stored, [&MAGIC[..], &[0; 16], &like_one].concat());
        assert_eq!(open(stored, u64::MAX), value(&like_one, None));
    }

    #[test]
    fn seal_value_with_a_life_is_stored_as_the_guide_tells() {
        let stored = seal(b"Ada".to_vec(), Some(1_500), NOW);
        let deadline = [0x00, 0x00, 0x01, 0xa3, 0x18, 0x5c, 0x55, 0xdc];
        let ttl = [0, 0, 0, 0, 0, 0, 0x05, 0xdc];
        assert_eq!(stored, [&MAGIC[..], &deadline, &ttl, b"Ada"].concat());
    }

    #[test]
    fn open_value_ends_at_its_deadline() {
        let stored = seal(b"Ada".to_vec(), Some(1_000), NOW);
        for (now, expected) in [
            (NOW, value(b"Ada", Some(1_000))),
            (NOW + 999, value(b"Ada", Some(1))),
            (NOW + 1_000, Held::Over),
            (u64::MAX, Held::Over),
        ] {
            assert_eq!(open(stored.clone(), now), expected, "{now}");
        }
    }

    #[test]
    fn open_by_a_clock_that_was_set_back_leaves_no_more_than_the_whole_life() {
        let stored = seal(b"Ada".to_vec(), Some(1_000), NOW);
        assert_eq!(open(stored, 0), value(b"Ada", Some(1_000)));
    }

    #[test]
    fn open_damaged_envelope_is_no_value() {
        let sealed = seal(b"Ada".to_vec(), Some(1_000), NOW);
        for len in MAGIC.len()..HEAD {
            assert_eq!(open(sealed[..len].to_vec(), NOW), Held::Damaged, "{len}");
        }
        let without_a_life = [&MAGIC[..], &[1; 8], &[0; 8], b"Ada"].concat();
        assert_eq!(open(without_a_life, NOW), Held::Damaged);
    }

    #[test]
    fn replace_value_keeps_the_deadline_and_the_ttl() {
        let stored = seal(b"1".to_vec(), Some(1_000), NOW);
        let expected = seal(b"20".to_vec(), Some(1_000), NOW);
        assert_eq!(replace(&stored, b"20".to_vec()), expected);
        assert_eq!(replace(b"1", b"20".to_vec()), b"20");
        let lasting = seal(MAGIC.to_vec(), None, NOW);
        let replaced = replace(&lasting, b"20".to_vec());
        assert_eq!(open(replaced, u64::MAX), value(b"20", None));
    }

    proptest! {
        #[test]
        fn open_what_was_sealed_answers_the_value(
            begins_with_magic: bool,
            rest: Vec<u8>,
            ttl: Option<u64>,
            now: u64,
        ) {
            let magic: &[u8] = if begins_with_magic { &MAGIC } else { &[] };
            let bytes = [magic, &rest].concat();
            let ttl = ttl.map(|ttl| ttl.max(1));
            let stored = seal(bytes.clone(), ttl, now);
            let left = ttl.map(|ttl| ttl.min(u64::MAX - now));
            let expected = if left == Some(0) { Held::Over } else { value(&bytes, left) };
            prop_assert_eq!(open(stored, now), expected);
        }

        #[test]
        fn open_any_bytes_does_not_panic(rest: Vec<u8>, now: u64) {
            let _ = open([&MAGIC[..], &rest].concat(), now);
            let _ = open(rest, now);
        }
    }
}
