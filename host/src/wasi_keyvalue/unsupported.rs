//! What an application interfaces for that the cache has not.

use std::fmt;

/// An interface of `wasi:keyvalue` that the provider does not serve as the application has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedInterface {
    /// Its complete name, as `wasi:keyvalue/atomics@0.2.0-draft`.
    pub interface: String,
    /// Why.
    pub(super) reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is no such interface, or none of this version.
    Unknown,
    /// Its functions are of other types: where they first differ.
    IncompatibleType(String),
    /// It is called, and nobody would call it.
    NeverCalled,
}

impl fmt::Display for UnsupportedInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interface, reason } = self;
        match reason {
            Reason::Unknown if interface.contains("/atomics") => write!(
                f,
                "{interface} is not there: a cache of bytes has no sums and no conditional writes"
            ),
            Reason::Unknown => write!(
                f,
                "{interface} is not there, only store and batch of 0.2.0-draft and 0.2.0-draft2"
            ),
            Reason::IncompatibleType(how) => {
                write!(f, "{interface} is of another form than the one here: {how}")
            }
            Reason::NeverCalled => write!(
                f,
                "{interface} is not called: the cache tells no application what others write"
            ),
        }
    }
}
