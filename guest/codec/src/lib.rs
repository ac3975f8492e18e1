//! Codecs: how values are stored in L2.
//!
//! A codec runs between the cache and its backend. The same code runs on either side of the
//! component boundary: in a host, around a backend, or as a component that is composed in front of
//! the cache's import. Each reads what the other wrote.
//!
//! ```
//! use std::borrow::Cow;
//! use flipcache_codec::{CodecError, ValueCodec};
//!
//! /// Marks every value with the version of its schema.
//! #[derive(Default)]
//! struct Versioned;
//!
//! impl ValueCodec for Versioned {
//!     fn encode<'v>(&self, value: &'v [u8]) -> Result<Cow<'v, [u8]>, CodecError> {
//!         Ok([b"v2:", value].concat().into())
//!     }
//!
//!     fn decode(&self, stored: Vec<u8>) -> Result<Vec<u8>, CodecError> {
//!         let value = stored.strip_prefix(b"v2:");
//!         let value = value.ok_or_else(|| CodecError::Failed("not of version 2".into()))?;
//!         Ok(value.to_vec())
//!     }
//! }
//!
//! let stored = Versioned.encode(b"Ada")?;
//! assert_eq!(*stored, *b"v2:Ada");
//! assert_eq!(Versioned.decode(stored.into_owned())?, b"Ada");
//! assert!(Versioned.decode(b"v1:Ada".to_vec()).is_err());
//! # Ok::<(), CodecError>(())
//! ```
//!
//! # Layout
//!
//! - [`ValueCodec`]: the trait of codecs; [`CodecError`]: why one fails.
//! - [`Decoder`]: applies a codec to all values of one reply, and bounds their growth.
//! - [`PassThrough`]: changes nothing.
//! - [`mod@zstd`] compresses.
//!
//! The crate deliberately has no WIT, no backend and no I/O.

mod codec;

mod decoder;

mod pass_through;

pub mod zstd;

pub use codec::{Cause, CodecError, ValueCodec};
pub use decoder::{Decoder, MAX_GROWTH};
pub use pass_through::PassThrough;
pub use zstd::Zstd;
