//! Codecs: any stored bytes, and any value.

#![no_main]

use flipcache_codec::zstd::{MAGIC, MAX_BYTES};
use flipcache_codec::{Decoder, PassThrough, ValueCodec, Zstd};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    decode(input);
    decode(&[&MAGIC, input].concat());

    is_read_as_written(&PassThrough, input);
    is_read_as_written(&Zstd, input);
    // Repetitive values are compressed, and values that begin as a frame have to be.
    is_read_as_written(&Zstd, &input.repeat(20));
    is_read_as_written(&Zstd, &[&MAGIC, input].concat());
});

/// Decodes arbitrary bytes: the decoder returns, and within the bound.
fn decode(stored: &[u8]) {
    let mut answer = Decoder::new(&Zstd);
    if let Ok(Some(value)) = answer.decode(stored.to_vec()) {
        assert!(value.len() <= MAX_BYTES.max(stored.len()));
    }
}

fn is_read_as_written(codec: &impl ValueCodec, value: &[u8]) {
    let stored = codec
        .encode(value)
        .expect("it is short enough")
        .into_owned();
    let read = codec.decode(stored).expect("what was written must be read");
    assert!(read == value, "another value was read than was written");
}
