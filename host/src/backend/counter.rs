//! The decimal integers of [`increment`](super::KvBackend::increment), for backends without a
//! command for it.
//!
//! Redis' rules: <https://redis.io/docs/latest/commands/incrby/>.

use super::BackendError;

/// Returns the sum of `delta` and the integer that the key held; absent counts as 0.
///
/// # Errors
///
/// [`BackendError::Other`] if `held` is not the canonical decimal form of a 64-bit integer (`007`,
/// `+1`, `-0`, ` 1` and the empty string are not), or if the sum exceeds 64 bits.
pub(super) fn sum(held: Option<&[u8]>, delta: i64) -> Result<i64, BackendError> {
    let held = match held {
        None => 0,
        Some(bytes) => canonical(bytes).ok_or_else(|| refusal(Refusal::NotAnInteger))?,
    };
    held.checked_add(delta)
        .ok_or_else(|| refusal(Refusal::Overflow))
}

/// Why a key cannot be incremented, in Redis' wording.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("value is not an integer or out of range")]
    NotAnInteger,
    #[error("increment or decrement would overflow")]
    Overflow,
}

fn refusal(refusal: Refusal) -> BackendError {
    BackendError::Other(Box::new(refusal))
}

fn canonical(bytes: &[u8]) -> Option<i64> {
    let text = str::from_utf8(bytes).ok()?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sum_absent_key_counts_from_zero() {
        assert_eq!(sum(None, -7).unwrap(), -7);
    }

    #[test]
    fn sum_canonical_integers_are_added() {
        assert_eq!(sum(Some(b"-12"), 5).unwrap(), -7);
        assert_eq!(sum(Some(b"9223372036854775807"), -1).unwrap(), i64::MAX - 1);
    }

    #[test]
    fn sum_other_spellings_are_refused() {
        for held in [
            "",
            " 1",
            "1 ",
            "+1",
            "007",
            "-0",
            "1.0",
            "0x1",
            "1_0",
            "9223372036854775808",
        ] {
            assert!(
                matches!(sum(Some(held.as_bytes()), 1), Err(BackendError::Other(_))),
                "Redis refuses to count {held:?}; refuse it too"
            );
        }
    }

    #[test]
    fn sum_beyond_64_bits_is_refused() {
        assert!(matches!(
            sum(Some(b"9223372036854775807"), 1),
            Err(BackendError::Other(_))
        ));
        assert!(matches!(
            sum(Some(b"-1"), i64::MIN),
            Err(BackendError::Other(_))
        ));
    }
}
