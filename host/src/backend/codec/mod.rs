//! Codecs: a backend whose values another backend stores in an encoded form.
//!
//! [`Encoded`] puts a [`ValueCodec`] around any [`KvBackend`](super::KvBackend). There are two:
//! [`Zstd`] compresses values that this makes shorter, [`PassThrough`] changes nothing. The same
//! codecs also exist as components (`guest/middleware`), for caches that are composed; each of
//! the two reads what the other wrote.
//!
//! # Examples
//!
//! ```
//! use std::sync::Arc;
//! use flipcache::backend::codec::{Encoded, Zstd};
//! use flipcache::backend::{Bucket, Entry, KvBackend, Slot, memory::MemoryBackend};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let store = Arc::new(MemoryBackend::new());
//! let backend = Encoded::new(store.clone(), Zstd);
//! let (bucket, keys) = (Bucket::new("page")?, ["1".to_owned()]);
//! let value = b"<p>All is well.</p>".repeat(100);
//! backend.set(&bucket, &[("1".to_owned(), value.clone())], None).await?;
//!
//! assert_eq!(backend.get(&bucket, &keys, None).await?, [Slot::Entry(Entry { value, ttl: None })]);
//! let stored = store.get(&bucket, &keys, None).await?;
//! assert!(matches!(&stored[..], [Slot::Entry(entry)] if entry.value.len() < 100));
//! # Ok(())
//! # }
//! ```
//!
//! A custom codec is two functions:
//!
//! ```
//! use std::borrow::Cow;
//! use std::sync::Arc;
//! use flipcache::backend::codec::{CodecError, Encoded, ValueCodec};
//! use flipcache::backend::memory::MemoryBackend;
//!
//! /// Marks every value with the version of its schema.
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
//! let backend = Encoded::new(Arc::new(MemoryBackend::new()), Versioned);
//! # let _: &dyn flipcache::backend::KvBackend = &backend;
//! ```

mod encoded;

pub use encoded::Encoded;
pub use flipcache_codec::{CodecError, MAX_GROWTH, PassThrough, ValueCodec, Zstd, zstd};
