//! The rule of what is stored, and that it can be read.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// What is stored of a value, read again.
fn stored(value: &[u8]) -> Vec<u8> {
    let stored = Zstd.encode(value).unwrap().into_owned();
    let read = Zstd.decode(stored.clone()).unwrap();
    assert!(read == value, "what is stored must be read as it was");
    stored
}

/// Bytes in which nothing repeats.
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
fn encode_short_value_stays_as_it_is() {
    for value in [
        b"".as_slice(),
        b"-9223372036854775808",
        &[b'x'; MIN_BYTES - 1],
    ] {
        assert_eq!(stored(value), value);
    }
}

#[test]
fn encode_value_that_repeats_is_a_shorter_frame() {
    let value = [b'x'; MIN_BYTES];
    let stored = stored(&value);
    assert!(
        stored.starts_with(&MAGIC) && stored.len() < 20,
        "{stored:?}"
    );
}

#[test]
fn encode_value_that_does_not_become_shorter_stays_as_it_is() {
    let value = noise(10_000);
    assert_eq!(stored(&value), value);
}

#[test]
fn encode_value_that_begins_like_a_frame_becomes_one() {
    for rest in [b"".as_slice(), b" and more", &noise(1_000), &[b'x'; 1_000]] {
        let value = [MAGIC.as_slice(), rest].concat();
        let stored = stored(&value);
        assert!(stored.starts_with(&MAGIC) && stored != value);
    }
    let nested = stored(&[b'x'; 1_000]);
    assert_ne!(
        stored(&nested),
        nested,
        "a frame as a value is no frame yet"
    );
}

#[test]
fn encode_value_beyond_the_bound_stays_as_it_is_or_is_refused() {
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

/// Values of a few symbols, of any, and in runs.
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
    fn encode_any_value_is_read_and_never_longer_unless_it_had_to_be_a_frame(value in value()) {
        let stored = stored(&value);
        prop_assert!(stored.len() <= value.len() || value.starts_with(&MAGIC));
        prop_assert_eq!(stored != value, stored.starts_with(&MAGIC));
    }

    #[test]
    fn decode_damaged_frame_answers(
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
    fn decode_any_bytes_behind_the_magic_answers(rest in vec(any::<u8>(), 0..200)) {
        let _: Result<_, CodecError> = Zstd.decode([&MAGIC, &rest[..]].concat());
    }
}
