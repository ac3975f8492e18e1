//! The key types: text and integers.

use std::borrow::Cow;

use crate::KeyType;

/// A key type: [`TextKeys`] or [`IntegerKeys`].
pub trait Keys: 'static {
    /// The type that methods take.
    type Key<'k>: Key<'k>;
    /// The type that listings return.
    type Owned;
    /// The key type with which the cache is opened.
    const TYPE: KeyType;

    /// Parses a key; `None` if the text is not a key of this type.
    fn owned(text: String) -> Option<Self::Owned>;
}

/// A key that a method takes.
pub trait Key<'k> {
    /// Returns the key as it is stored in L2.
    fn text(self) -> Cow<'k, str>;
}

impl<'k> Key<'k> for &'k str {
    fn text(self) -> Cow<'k, str> {
        Cow::Borrowed(self)
    }
}

impl<'k> Key<'k> for i64 {
    fn text(self) -> Cow<'k, str> {
        Cow::Owned(self.to_string())
    }
}

/// Text keys.
#[derive(Clone, Copy, Debug)]
pub struct TextKeys;

impl Keys for TextKeys {
    type Key<'k> = &'k str;
    type Owned = String;
    const TYPE: KeyType = KeyType::Text;

    fn owned(text: String) -> Option<String> {
        Some(text)
    }
}

/// Keys that are 64-bit integers, in decimal.
#[derive(Clone, Copy, Debug)]
pub struct IntegerKeys;

impl Keys for IntegerKeys {
    type Key<'k> = i64;
    type Owned = i64;
    const TYPE: KeyType = KeyType::Integer;

    fn owned(text: String) -> Option<i64> {
        text.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_an_integer_is_read_back_and_other_text_is_no_key() {
        for key in [i64::MIN, -3, 0, 42, i64::MAX] {
            assert_eq!(IntegerKeys::owned(key.text().into_owned()), Some(key));
        }
        assert_eq!(IntegerKeys::owned("admin:1".to_owned()), None);
        assert_eq!(
            TextKeys::owned("k".text().into_owned()).as_deref(),
            Some("k")
        );
    }
}
