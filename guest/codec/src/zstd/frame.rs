//! Compression and decompression of one Zstandard frame.
//!
//! RFC 8878, section 3.1.1: <https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1>.

use ruzstd::decoding::errors::FrameDecoderError;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};

use super::MAGIC;
use crate::CodecError;

/// Returns the frame of a value of at most 4 GiB.
pub(super) fn compress(value: &[u8]) -> Vec<u8> {
    let frame = compress_to_vec(value, CompressionLevel::Fastest);
    with_content_size(&frame, value.len()).unwrap_or(frame)
}

/// Returns the content of exactly one frame, if it has at most `limit` bytes.
///
/// Memory is not allocated by the sizes in a header, but grows with the decoded content, up to
/// about three times `limit`.
///
/// # Errors
///
/// [`CodecError::TooLarge`] if the content is longer; [`CodecError::Failed`] unless this is exactly
/// one frame.
pub(super) fn decompress(frame: &[u8], limit: usize) -> Result<Vec<u8>, CodecError> {
    let too_large = || CodecError::TooLarge {
        limit: limit as u64,
    };
    let mut rest = frame;
    let mut decoder = FrameDecoder::new();
    decoder.init(&mut rest).map_err(broken)?;
    let declared = declares_size(frame).then(|| decoder.content_size());
    if declared.is_some_and(|size| size > limit as u64) {
        return Err(too_large());
    }
    // Stops after the block, of 128 KiB at most, that exceeds the limit.
    let enough = BlockDecodingStrategy::UptoBytes(limit + 1);
    let ended = decoder.decode_blocks(&mut rest, enough).map_err(broken)?;
    if !ended || decoder.can_collect() > limit {
        return Err(too_large());
    }
    if !rest.is_empty() {
        return Err(CodecError::Failed("there are bytes after the frame".into()));
    }
    let value = decoder.collect().unwrap_or_default();
    if declared.is_some_and(|size| size != value.len() as u64) {
        return Err(CodecError::Failed(
            "the frame declares a different size".into(),
        ));
    }
    Ok(value)
}

/// Returns whether the flags of the header declare the size of the content: single segment, or a
/// size field.
fn declares_size(frame: &[u8]) -> bool {
    let descriptor = frame.get(MAGIC.len()).copied().unwrap_or_default();
    descriptor & 0b1110_0000 != 0
}

/// Adds the size of the content to the header of a frame, so that readers know what to allocate;
/// some libraries read no other frames. `None` unless the header is the plain one that the encoder
/// writes today: no flags, a window.
fn with_content_size(frame: &[u8], length: usize) -> Option<Vec<u8>> {
    let [0, window, blocks @ ..] = frame.strip_prefix(&MAGIC)? else {
        return None;
    };
    // Flags and size fields: section 3.1.1.1. Up to 65,791 bytes the content is a single segment.
    let mut header = MAGIC.to_vec();
    match u32::try_from(length).ok()? {
        length @ ..256 => header.extend([0b0010_0000, length.to_le_bytes()[0]]),
        length @ ..65_792 => {
            let [low, high, ..] = (length - 256).to_le_bytes();
            header.extend([0b0110_0000, low, high]);
        }
        length => {
            header.extend([0b1000_0000, *window]);
            header.extend(length.to_le_bytes());
        }
    }
    header.extend(blocks);
    Some(header)
}

fn broken(error: FrameDecoderError) -> CodecError {
    CodecError::Failed(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a frame of repeated bytes: a header, then blocks of one byte with a repeat count.
    fn repeats(descriptor: &[u8], blocks: &[u32]) -> Vec<u8> {
        let mut frame = [&MAGIC, descriptor].concat();
        for (at, length) in blocks.iter().enumerate() {
            let last = u32::from(at + 1 == blocks.len());
            let header = last | 1 << 1 | length << 3;
            frame.extend(&header.to_le_bytes()[..3]);
            frame.push(b'x');
        }
        frame
    }

    /// No flags, and a window of 128 KiB.
    const PLAIN: [u8; 2] = [0, 7 << 3];

    #[test]
    fn compress_every_size_is_declared_in_the_header_and_read_back() {
        for length in [0, 1, 255, 256, 65_791, 65_792, 131_072, 131_073, 300_000] {
            let value = b"abcdefg".repeat(length / 7 + 1);
            let frame = compress(&value[..length]);
            assert!(declares_size(&frame), "{length}");
            assert_eq!(decompress(&frame, length).unwrap(), value[..length]);
        }
    }

    #[test]
    fn with_content_size_other_header_is_none() {
        assert_eq!(with_content_size(&repeats(&[0x20, 3], &[3]), 3), None);
        assert_eq!(with_content_size(b"no frame", 3), None);
    }

    #[test]
    fn decompress_bomb_is_too_large() {
        let undeclared = repeats(&PLAIN, &[131_072; 1_000]);
        let at_once = repeats(&PLAIN, &[131_072]);
        for bomb in [undeclared, at_once] {
            let outcome = decompress(&bomb, 100_000);
            assert!(matches!(
                outcome,
                Err(CodecError::TooLarge { limit: 100_000 })
            ));
        }
    }

    #[test]
    fn decompress_content_up_to_the_limit_is_read() {
        let frame = repeats(&PLAIN, &[1_000, 1_000]);
        assert_eq!(decompress(&frame, 2_000).unwrap(), [b'x'; 2_000]);
        assert!(matches!(
            decompress(&frame, 1_999),
            Err(CodecError::TooLarge { .. })
        ));
    }

    #[test]
    fn decompress_declared_size_beyond_the_limit_fails() {
        // Eight bytes of size: 2^63.
        let header = [0b1110_0000, 0, 0, 0, 0, 0, 0, 0, 0x80];
        assert!(decompress(&repeats(&header, &[1]), 1_000).is_err());
        let header = [0b1100_0000, 7 << 3, 0, 0, 0, 0, 0, 0, 0, 0x80];
        assert!(matches!(
            decompress(&repeats(&header, &[1]), 1_000),
            Err(CodecError::TooLarge { .. })
        ));
    }

    #[test]
    fn decompress_wrong_declared_size_fails() {
        for (header, length) in [
            ([0b1000_0000, 7 << 3, 4, 0, 0, 0], 3),
            ([0b1000_0000, 7 << 3, 2, 0, 0, 0], 3),
            ([0b1000_0000, 7 << 3, 0, 0, 0, 0], 3),
        ] {
            let outcome = decompress(&repeats(&header, &[length]), 1_000);
            assert!(matches!(outcome, Err(CodecError::Failed(_))), "{header:?}");
        }
    }

    #[test]
    fn decompress_truncated_frame_fails() {
        let frame = compress(&b"a frame, cut somewhere. ".repeat(20));
        for length in 0..frame.len() {
            let outcome = decompress(&frame[..length], 1_000);
            assert!(matches!(outcome, Err(CodecError::Failed(_))), "{length}");
        }
    }

    #[test]
    fn decompress_bytes_after_the_frame_fails() {
        let frame = compress(b"value");
        for more in [b"x".as_slice(), &frame] {
            let outcome = decompress(&[&frame, more].concat(), 1_000);
            assert!(matches!(outcome, Err(CodecError::Failed(_))));
        }
    }

    #[test]
    fn decompress_frame_that_needs_a_dictionary_fails() {
        let outcome = decompress(&repeats(&[1, 7 << 3, 9], &[3]), 1_000);
        assert!(matches!(outcome, Err(CodecError::Failed(_))));
    }

    #[test]
    fn decompress_huge_window_is_not_allocated() {
        // 2^27 bytes, the largest accepted window.
        let frame = repeats(&[0, 17 << 3], &[3]);
        assert_eq!(decompress(&frame, 1_000).unwrap(), b"xxx");
        let frame = repeats(&[0, 31 << 3], &[3]);
        assert!(matches!(
            decompress(&frame, 1_000),
            Err(CodecError::Failed(_))
        ));
    }
}
