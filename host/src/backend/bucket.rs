//! The names of buckets, and where their keys stand in a store.

use std::fmt;

/// The longest name, in bytes. Long enough for any namespace, short enough to prefix every key.
const MAX_NAME: usize = 1024;

/// A bucket: the keys that stand in a store behind one prefix.
///
/// Key `k` of the bucket `name` stands at `name:k`. Names nest: key `admin:1` of `user` and key `1`
/// of `user:admin` are the same place.
///
/// # Examples
///
/// ```
/// use flipcache::backend::Bucket;
///
/// let bucket = Bucket::new("user")?;
/// assert_eq!(bucket.full_key("7"), "user:7");
/// assert_eq!(bucket.strip("user:7"), Some("7"));
/// assert_eq!(bucket.strip("other:7"), None);
/// # Ok::<(), flipcache::backend::InvalidName>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    prefix: String,
}

impl Bucket {
    /// Names a bucket.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the name is empty or longer than 1,024 bytes.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        if name.is_empty() {
            return Err(InvalidName::Empty);
        }
        if name.len() > MAX_NAME {
            return Err(InvalidName::TooLong);
        }
        Ok(Self {
            prefix: format!("{name}:"),
        })
    }

    /// What every key of the bucket begins with, taken literally: the name and a colon.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Where `key` stands in the store.
    pub fn full_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// The key that stands at `full_key`; `None` if that is not of this bucket.
    pub fn strip<'a>(&self, full_key: &'a str) -> Option<&'a str> {
        full_key.strip_prefix(self.prefix.as_str())
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix.strip_suffix(':').unwrap_or(&self.prefix))
    }
}

/// Why a bucket cannot have a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// The name is empty.
    #[error("a name cannot be empty")]
    Empty,
    /// The name is longer than 1,024 bytes.
    #[error("a name cannot be longer than {MAX_NAME} bytes")]
    TooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_empty_name_is_refused() {
        assert_eq!(Bucket::new(""), Err(InvalidName::Empty));
    }

    #[test]
    fn new_name_at_the_limit_is_taken_and_one_byte_more_is_refused() {
        assert!(Bucket::new(&"n".repeat(MAX_NAME)).is_ok());
        assert_eq!(
            Bucket::new(&"n".repeat(MAX_NAME + 1)),
            Err(InvalidName::TooLong)
        );
    }

    #[test]
    fn strip_nested_name_takes_only_its_own_prefix() {
        let bucket = Bucket::new("user:admin").unwrap();
        assert_eq!(bucket.strip("user:admin:1:2"), Some("1:2"));
        assert_eq!(bucket.strip("user:administrator:1"), None);
    }
}
