//! Which values are stored as frames, and that all are read back.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Returns what is stored for a value, after reading it back.
fn stored(value: &[u8]) -> Vec<u8> {
    let stored = Zstd.encode(value).unwrap().into_owned();
    let read = Zstd.decode(stored.clone()).unwrap();
    assert!(read == value, "a stored value must be read back unchanged");
    stored
}

/// Returns incompressible bytes.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 88_172_645_463_325_252_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[test]
fn encode_short_value_is_unchanged() {
    for value in [
        b"".as_slice(),
        b"-9223372036854775808",
        &[b'x'; MIN_BYTES - 1],
    ] {
        assert_eq!(stored(value), value);
    }
}

#[test]
fn encode_repetitive_value_is_a_shorter_frame() {
    let value = [b'x'; MIN_BYTES];
    let stored = stored(&value);
    assert!(
        stored.starts_with(&MAGIC) && stored.len() < 20,
        "{stored:?}"
    );
}

#[test]
fn encode_incompressible_value_is_unchanged() {
    let value = noise(10_000);
    assert_eq!(stored(&value), value);
}

#[test]
fn encode_value_with_the_magic_is_a_frame() {
    for rest in [b"".as_slice(), b" and more", &noise(1_000), &[b'x'; 1_000]] {
        let value = [MAGIC.as_slice(), rest].concat();
        let stored = stored(&value);
        assert!(stored.starts_with(&MAGIC) && stored != value);
    }
    let nested = stored(&[b'x'; 1_000]);
    assert_ne!(
        stored(&nested),
        nested,
        "a value that is a frame is framed again"
    );
}

#[test]
fn encode_value_beyond_the_bound_is_unchanged_or_fails_with_the_magic() {
    let mut value = vec![b'x'; MAX_BYTES];
    assert!(stored(&value).len() < 10_000);
    value.push(b'x');
    assert!(stored(&value) == value);
    value[..4].copy_from_slice(&MAGIC);
    assert!(matches!(
        Zstd.encode(&value),
        Err(CodecError::TooLarge { .. })
    ));
}

#[test]
fn decode_frame_of_another_tool_is_read() {
    // `printf 'made elsewhere' | zstd -c`: with a checksum.
    let frame = b"\x28\xb5\x2f\xfd\x04\x58\x71\x00\x00made elsewhere\x07\xc9\xed\x5f";
    assert_eq!(Zstd.decode(frame.to_vec()).unwrap(), b"made elsewhere");
}

/// Values of few symbols, of any bytes, in runs, and with the magic.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let runs = vec((vec(any::<u8>(), 1..20), 1..200_usize), 0..30);
    let runs = runs.prop_map(|runs| {
        let repeat = |(bytes, times): (Vec<u8>, usize)| bytes.repeat(times);
        runs.into_iter().flat_map(repeat).collect()
    });
    let begins_with_magic = vec(any::<u8>(), 0..600).prop_map(|rest| [&MAGIC, &rest[..]].concat());
    prop_oneof![
        vec(b'a'..b'e', 0..3_000),
        vec(any::<u8>(), 0..1_000),
        runs,
        begins_with_magic,
    ]
}

proptest! {
    #[test]
    fn encode_any_value_is_read_back_and_no_longer_unless_it_has_the_magic(value in value()) {
        let stored = stored(&value);
        prop_assert!(stored.len() <= value.len() || value.starts_with(&MAGIC));
        prop_assert_eq!(stored != value, stored.starts_with(&MAGIC));
    }

    #[test]
    fn decode_damaged_frame_does_not_panic(
        value in value(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut frame = frame::compress(&value);
        for (at, byte) in changes {
            let at = at.index(frame.len());
            frame[at] = byte;
        }
        if let Ok(value) = Zstd.decode(frame) {
            prop_assert!(value.len() <= MAX_BYTES);
        }
    }

    #[test]
    fn decode_any_bytes_after_the_magic_does_not_panic(rest in vec(any::<u8>(), 0..200)) {
        let _: Result<_, CodecError> = Zstd.decode([&MAGIC, &rest[..]].concat());
    }
}
