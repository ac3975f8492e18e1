//! Names of caches and keys, and their checks.

/// The longest name of a cache, in bytes: enough for any namespace, and every key includes it.
pub const MAX_NAME_BYTES: usize = 1024;

/// The longest key, in bytes.
pub const MAX_KEY_BYTES: usize = 64 * 1024;

/// Why a name cannot be the name of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The name is empty.
    #[error("a name cannot be empty")]
    Empty,
    /// The name is longer than [`MAX_NAME_BYTES`].
    #[error("a name cannot be longer than {MAX_NAME_BYTES} bytes")]
    TooLong,
}

/// Checks that `name` can be the name of a cache. Colons and glob characters are allowed.
///
/// # Errors
///
/// [`InvalidName`] if it is empty or longer than [`MAX_NAME_BYTES`].
pub fn check_name(name: &str) -> Result<(), InvalidName> {
    match name.len() {
        0 => Err(InvalidName::Empty),
        1..=MAX_NAME_BYTES => Ok(()),
        _ => Err(InvalidName::TooLong),
    }
}

/// The type of a cache's keys.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KeyType {
    /// Any text, including the empty one.
    #[default]
    Text,
    /// Canonical decimal integers of 64 bits: `-3`, `0`, `42`; not `-0`, `007`, `+1`.
    Integer,
}

/// Why a text cannot be a key of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The cache has integer keys, and this is not an integer in canonical form.
    #[error("not a decimal integer of 64 bits in its shortest form")]
    NotAnInteger,
    /// The key is longer than [`MAX_KEY_BYTES`].
    #[error("longer than {MAX_KEY_BYTES} bytes")]
    TooLong,
}

impl KeyType {
    /// Checks that `key` is of this type.
    ///
    /// # Errors
    ///
    /// [`InvalidKey`] if it is not, or is longer than [`MAX_KEY_BYTES`].
    #[inline]
    pub fn check(self, key: &str) -> Result<(), InvalidKey> {
        match self {
            _ if key.len() > MAX_KEY_BYTES => Err(InvalidKey::TooLong),
            Self::Integer if !is_canonical_integer(key) => Err(InvalidKey::NotAnInteger),
            Self::Text | Self::Integer => Ok(()),
        }
    }
}

fn is_canonical_integer(key: &str) -> bool {
    let digits = key.strip_prefix('-').unwrap_or(key);
    let canonical =
        digits.starts_with(|first: char| first.is_ascii_digit() && first != '0') || key == "0";
    canonical && key.parse::<i64>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_integer_key_accepts_only_the_canonical_form() {
        for key in [
            "0",
            "-3",
            "42",
            "9223372036854775807",
            "-9223372036854775808",
        ] {
            assert_eq!(KeyType::Integer.check(key), Ok(()), "{key}");
        }
        for key in [
            "",
            "-",
            "-0",
            "007",
            "+1",
            " 1",
            "1_0",
            "1.0",
            "٤",
            "9223372036854775808",
        ] {
            assert_eq!(
                KeyType::Integer.check(key),
                Err(InvalidKey::NotAnInteger),
                "{key:?}"
            );
        }
    }

    #[test]
    fn check_text_key_accepts_anything_up_to_the_limit() {
        for key in ["", "a:b", "*?[\\", "\0\n"] {
            assert_eq!(KeyType::Text.check(key), Ok(()), "{key:?}");
        }
        let longest = "k".repeat(MAX_KEY_BYTES);
        assert_eq!(KeyType::Text.check(&longest), Ok(()));
        assert_eq!(
            KeyType::Text.check(&(longest + "k")),
            Err(InvalidKey::TooLong)
        );
    }

    #[test]
    fn check_name_empty_or_too_long_is_refused() {
        assert_eq!(check_name(""), Err(InvalidName::Empty));
        assert_eq!(check_name(&"n".repeat(MAX_NAME_BYTES)), Ok(()));
        assert_eq!(
            check_name(&"n".repeat(MAX_NAME_BYTES + 1)),
            Err(InvalidName::TooLong)
        );
    }
}
