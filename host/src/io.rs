//! The runtime of backend calls if the embedder passes none.

use std::io;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

/// Returns the handle of a runtime of this process with two threads, which the first call starts.
/// It is never shut down, so every call that was begun finishes or reaches its deadline.
///
/// It runs backend calls and the loaders of [`get_or_insert_with`]. An application whose loaders
/// compute much should pass a runtime of its own.
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

/// Waits for a future on any thread. A future that is ready at once costs one poll. If the thread
/// is a worker of a multi-threaded runtime, its other tasks move to another thread meanwhile.
///
/// The future must not need this thread to make progress: tasks of another thread or of a
/// multi-threaded runtime must complete it.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    // tokio limits the steps of a task before it must yield. This future cannot yield, so it would
    // hang.
    let mut future = pin!(tokio::task::unconstrained(future));
    let mut context = Context::from_waker(Waker::noop());
    if let Poll::Ready(result) = future.as_mut().poll(&mut context) {
        return result;
    }
    let runtime = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    let runs_a_task = tokio::task::try_id().is_some();
    if runs_a_task && matches!(runtime, Ok(RuntimeFlavor::MultiThread)) {
        tokio::task::block_in_place(|| pollster::block_on(future))
    } else {
        pollster::block_on(future)
    }
}
