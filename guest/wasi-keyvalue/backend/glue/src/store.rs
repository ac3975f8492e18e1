//! What is asked of the host, whichever draft of `wasi:keyvalue` it has.

use std::cell::RefCell;
use std::rc::Rc;
use std::thread::LocalKey;

/// Keys with what they hold.
pub type Pairs = Vec<(String, Vec<u8>)>;

/// A bucket of `wasi:keyvalue`.
pub trait Store: Sized + 'static {
    /// Where the component keeps the one that it has opened. One that fails is forgotten. Hosts may give each handle data of its own, as wasmtime
    /// does, and caches whose names nest share keys.
    fn kept() -> &'static LocalKey<Kept<Self>>;

    /// Opens the bucket of an identifier.
    ///
    /// # Errors
    ///
    /// The host's, as of every function here.
    fn open(identifier: &str) -> Result<Self, StoreError>;

    /// What a key holds.
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// What those of the keys hold that are there, in one call.
    fn get_many(&self, keys: &[String]) -> Result<Pairs, StoreError>;

    /// Writes a key.
    fn set(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;

    /// Writes keys in one call.
    fn set_many(&self, entries: &[(String, Vec<u8>)]) -> Result<(), StoreError>;

    /// Deletes keys in one call.
    fn delete_many(&self, keys: &[String]) -> Result<(), StoreError>;

    /// A page of the bucket's keys.
    fn list_keys(&self, cursor: Option<&str>) -> Result<StorePage, StoreError>;
}

/// The open bucket, if there is one.
pub type Kept<S> = RefCell<Option<Rc<S>>>;

/// A page of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorePage {
    /// In any order.
    pub keys: Vec<String>,
    /// The next page's; `None` after the last one.
    pub cursor: Option<String>,
}

/// Why the host did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It has no such store.
    #[error("the host has no key-value store of this name")]
    NoSuchStore,
    /// The caller may not have it.
    #[error("the host denies the key-value store")]
    AccessDenied,
    /// It told no such cursor.
    #[error("this is not a cursor of the host's")]
    NotACursor,
    /// Its list of keys has not ended after so many pages.
    #[error("the host's list of keys has not ended after {0} pages")]
    Endless(usize),
    /// Anything else, in its words.
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
