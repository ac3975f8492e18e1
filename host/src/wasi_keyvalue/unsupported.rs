//! Interfaces of `wasi:keyvalue` that the cache does not provide.

use std::fmt;

/// An interface of `wasi:keyvalue` that the provider does not serve as the application uses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedInterface {
    /// Its full name, such as `wasi:keyvalue/atomics@0.2.0-draft`.
    pub interface: String,
    /// The reason why it is not served.
    pub(super) reason: Reason,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is no such interface, or not in this version.
    Unknown,
    /// Its functions have other types; holds the first difference.
    IncompatibleType(String),
    /// The application exports it to be called, but the cache never calls it.
    NeverCalled,
}

impl fmt::Display for UnsupportedInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { interface, reason } = self;
        match reason {
            Reason::Unknown if interface.contains("/atomics") => write!(
                f,
                "{interface} is not supported: a cache of bytes has no sums or conditional writes"
            ),
            Reason::Unknown => write!(
                f,
                "{interface} is not supported, only store and batch of 0.2.0-draft and 0.2.0-draft2"
            ),
            Reason::IncompatibleType(how) => {
                write!(
                    f,
                    "{interface} differs from the version that is supported: {how}"
                )
            }
            Reason::NeverCalled => write!(
                f,
                "{interface} is never called: the cache does not notify applications of writes"
            ),
        }
    }
}
