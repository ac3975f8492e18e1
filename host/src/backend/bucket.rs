//! The names of buckets, and the prefix of their keys.

use std::fmt;

pub use flipcache_core::InvalidName;
use flipcache_core::check_name;

/// A bucket: the keys with one prefix.
///
/// Key `k` of the bucket `name` is stored at `name:k`. Names nest: key `admin:1` of `user` and key
/// `1` of `user:admin` are the same entry.
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
    /// Returns the bucket of a name.
    ///
    /// # Errors
    ///
    /// [`InvalidName`] if the name is empty or longer than 1,024 bytes.
    pub fn new(name: &str) -> Result<Self, InvalidName> {
        check_name(name)?;
        Ok(Self {
            prefix: format!("{name}:"),
        })
    }

    /// Returns the prefix of every key of the bucket, taken literally: the name and a colon.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Returns the full key at which `key` is stored.
    pub fn full_key(&self, key: &str) -> String {
        format!("{}{key}", self.prefix)
    }

    /// Returns the key that is stored at `full_key`; `None` if that is not of this bucket.
    pub fn strip<'a>(&self, full_key: &'a str) -> Option<&'a str> {
        full_key.strip_prefix(self.prefix.as_str())
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.prefix.strip_suffix(':').unwrap_or(&self.prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_empty_name_is_refused() {
        assert_eq!(Bucket::new(""), Err(InvalidName::Empty));
    }

    #[test]
    fn strip_nested_name_takes_only_its_own_prefix() {
        let bucket = Bucket::new("user:admin").unwrap();
        assert_eq!(bucket.strip("user:admin:1:2"), Some("1:2"));
        assert_eq!(bucket.strip("user:administrator:1"), None);
    }
}
