//! The examples in `guest/examples`, with the cache composed into them, in a host with WASI.

mod host;
mod shortener;
mod word_count;
