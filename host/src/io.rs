//! The runtime on which backends are asked, where the embedder brings none of its own.

use std::io;
use std::sync::Mutex;

use tokio::runtime::{Builder, Handle, Runtime};

/// A runtime of this process with two threads, started when it is first asked for. It is never shut
/// down: what is begun is finished, or meets its deadline.
///
/// It carries requests and answers, and runs the loaders of [`get_or_insert_with`]. An application
/// whose loaders compute much brings a runtime of its own.
///
/// [`get_or_insert_with`]: crate::Cache::get_or_insert_with
///
/// # Errors
///
/// If the system has no thread for it. The next call tries again.
pub fn runtime() -> io::Result<Handle> {
    static RUNTIME: Mutex<Option<Runtime>> = Mutex::new(None);
    let mut runtime = RUNTIME
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(runtime) = &*runtime {
        return Ok(runtime.handle().clone());
    }
    let started = Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("flipcache-io")
        .enable_all()
        .build()?;
    let handle = started.handle().clone();
    *runtime = Some(started);
    Ok(handle)
}
