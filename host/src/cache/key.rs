//! Key types: text or integers.

use std::borrow::Cow;

use flipcache_core::KeyType;

/// A key type: [`TextKeys`] or [`IntegerKeys`].
pub trait Keys: Send + Sync + 'static {
    /// The type that methods take.
    type Key<'k>: Key<'k>;
    /// The type that a listing of keys returns.
    type Owned: Send;
    /// The same key type as an option of the cache.
    const TYPE: KeyType;

    /// Parses a key from its text. Returns `None` if the text is not a key of this type.
    fn owned(text: String) -> Option<Self::Owned>;
}

/// A key as methods take it.
pub trait Key<'k> {
    /// Returns the key as text, as in L2 after `name:`.
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
