//! The operations of the host's store, for any draft of `wasi:keyvalue`.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

/// Keys with their values.
pub type Pairs = Vec<(String, Vec<u8>)>;

/// A bucket of `wasi:keyvalue`.
pub trait Store: Sized + 'static {
    /// Returns where the component keeps its open store; a store that fails is dropped. It is
    /// shared, because hosts such as wasmtime may give each handle data of its own, and caches
    /// whose names nest share keys.
    fn kept() -> &'static LocalKey<Kept<Self>>;

    /// Opens the bucket of an identifier.
    ///
    /// # Errors
    ///
    /// The host's, as for every function here.
    fn open(identifier: &str) -> Result<Self, StoreError>;

    /// Returns the value of a key.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Returns the values of those keys that exist, in one call.
    fn get_many(&self, keys: &[String]) -> Result<Pairs, StoreError>;

    /// Writes a key.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;

    /// Writes keys in one call.
    fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError>;

    /// Deletes keys in one call.
    fn delete_many(&self, keys: &[String]) -> Result<(), StoreError>;

    /// Returns a page of the bucket's keys.
    fn list_keys(&self, cursor: Option<&str>) -> Result<StorePage, StoreError>;
}

/// The open store, if there is one.
pub type Kept<S> = RefCell<Option<Rc<S>>>;

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePage {
    /// The keys, in any order.
    pub keys: Vec<String>,
    /// The cursor of the next page; `None` after the last one.
    pub cursor: Option<String>,
}

/// Why the host's store failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The host has no such store.
    #[error("the host has no key-value store of this name")]
    NoSuchStore,
    /// The caller may not use it.
    #[error("the host denies the key-value store")]
    AccessDenied,
    /// The host did not return this cursor.
    #[error("this is not a cursor of the host")]
    NotACursor,
    /// The listing of keys has not ended after this many pages.
    #[error("the host's list of keys has not ended after {0} pages")]
    Endless(usize),
    /// Any other error, with the host's message.
    #[error("{0}")]
    Other(String),
    /// The same, of a write: it may or may not have happened.
    #[error("{0}")]
    OtherAtWrite(String),
}

impl StoreError {
    /// Returns what an error means that a write failed with.
    #[must_use]
    pub fn of_write(self) -> Self {
        match self {
            Self::Other(why) => Self::OtherAtWrite(why),
            error => error,
        }
    }
}
