//! The stored format of values, which lets them expire.
//!
//! | value | stored | |---|---| | does not expire | unchanged | | does not expire, begins with
//! [`MAGIC`] | an envelope with both numbers 0 | | has a TTL | an envelope |
//!
//! An envelope is the four bytes of [`MAGIC`]; the deadline in milliseconds of Unix time and the
//! TTL of the write in milliseconds, both as 64-bit big-endian integers; then the value.
//!
//! So everything else that other clients store is a value that does not expire. Text never begins
//! with [`MAGIC`], which is not UTF-8.
//!
//! The wall clock may be wrong, or be set. If it is behind the clock of the writer, the entry
//! expires later by the difference; but its remaining TTL never exceeds that of the write, so a
//! local tier keeps nothing for longer. If it is ahead, the entry expires earlier.

/// The first bytes of an envelope.
pub(crate) const MAGIC: [u8; 4] = [0xff, b'F', b'C', 0x01];

/// The length of the header before the value.
const HEAD: usize = 20;

/// The meaning of stored bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    /// A value, and its remaining TTL in milliseconds; `None`: it does not expire. Never 0.
    Value { value: Vec<u8>, left: Option<u64> },
    /// An expired value.
    Expired,
    /// Bytes that begin as an envelope but are not one.
    Damaged,
}

impl Held {
    /// Returns whether the key counts as existing.
    pub(crate) fn is_something(&self) -> bool {
        *self != Self::Expired
    }
}

/// Returns the stored form of a value. `now` is Unix time in milliseconds; a TTL is not 0.
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

/// Returns the stored form of a value that replaces another one and keeps its deadline.
///
/// `stored` must be bytes in which [`open`] finds a value.
pub(crate) fn replace(stored: &[u8], value: Vec<u8>) -> Vec<u8> {
    match stored.get(..HEAD) {
        Some(head) if stored.starts_with(&MAGIC) => [head, &value].concat(),
        _ => seal(value, None, 0),
    }
}

/// Returns the meaning of stored bytes at the moment `now`.
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
            0 => return Held::Expired,
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
    fn seal_value_without_ttl_is_unchanged_unless_it_has_the_magic() {
        assert_eq!(seal(b"Ada".to_vec(), None, NOW), b"Ada");
        let like_one = [&MAGIC[..], b"x"].concat();
        let stored = seal(like_one.clone(), None, NOW);
        assert_eq!(stored, [&MAGIC[..], &[0; 16], &like_one].concat());
        assert_eq!(open(stored, u64::MAX), value(&like_one, None));
    }

    #[test]
    fn seal_value_with_a_ttl_is_stored_as_the_guide_describes() {
        let stored = seal(b"Ada".to_vec(), Some(1_500), NOW);
        let deadline = [0x00, 0x00, 0x01, 0xa3, 0x18, 0x5c, 0x55, 0xdc];
        let ttl = [0, 0, 0, 0, 0, 0, 0x05, 0xdc];
        assert_eq!(stored, [&MAGIC[..], &deadline, &ttl, b"Ada"].concat());
    }

    #[test]
    fn open_value_expires_at_its_deadline() {
        let stored = seal(b"Ada".to_vec(), Some(1_000), NOW);
        for (now, expected) in [
            (NOW, value(b"Ada", Some(1_000))),
            (NOW + 999, value(b"Ada", Some(1))),
            (NOW + 1_000, Held::Expired),
            (u64::MAX, Held::Expired),
        ] {
            assert_eq!(open(stored.clone(), now), expected, "{now}");
        }
    }

    #[test]
    fn open_with_a_clock_that_was_set_back_leaves_no_more_than_the_ttl() {
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
        fn open_sealed_value_is_the_value(
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
            let expected = if left == Some(0) { Held::Expired } else { value(&bytes, left) };
            prop_assert_eq!(open(stored, now), expected);
        }

        #[test]
        fn open_any_bytes_does_not_panic(rest: Vec<u8>, now: u64) {
            let _ = open([&MAGIC[..], &rest].concat(), now);
            let _ = open(rest, now);
        }
    }
}
