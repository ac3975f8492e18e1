//! The hash slots of keys:
//! <https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/>.

use crc16::{State, XMODEM};

/// The number of slots.
pub(super) const SLOTS: u16 = 16_384;

/// Returns the slot of a key: that of its hash tag, the text between the first brace and the next
/// closing one, unless it is empty or missing.
pub(super) fn slot_of(key: &[u8]) -> u16 {
    State::<XMODEM>::calculate(tag(key).unwrap_or(key)) % SLOTS
}

fn tag(key: &[u8]) -> Option<&[u8]> {
    let open = key.iter().position(|byte| *byte == b'{')?;
    let rest = &key[open + 1..];
    let close = rest.iter().position(|byte| *byte == b'}')?;
    (close > 0).then(|| &rest[..close])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slot_of_keys_matches_redis() {
        for (key, slot) in [
            ("123456789", 12_739),
            ("foo", 12_182),
            ("", 0),
            ("{user1000}.following", 3_443),
            ("{user1000}.followers", 3_443),
            ("foo{}{bar}", 8_363),
            ("foo{{bar}}zap", 4_015),
            ("foo{bar}{zap}", 5_061),
        ] {
            assert_eq!(slot_of(key.as_bytes()), slot, "{key}");
        }
    }

    #[test]
    fn slot_of_empty_hash_tag_is_that_of_the_whole_key() {
        for (key, whole) in [
            ("a{}b", true),
            ("a{b", true),
            ("a}b{", true),
            ("a{b}c", false),
        ] {
            let hashed = State::<XMODEM>::calculate(key.as_bytes()) % SLOTS;
            assert_eq!(slot_of(key.as_bytes()) == hashed, whole, "{key}");
        }
    }
}
