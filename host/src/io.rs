//! The runtime on which backends are asked, where the embedder brings none of its own.

use std::io;
use std::pin::pin;
use std::sync::Mutex;
use std::task::{Context, Poll, Waker};

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};

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

/// Waits for a future on this thread, whatever thread it is. What is answered at once costs no more than
/// one poll. A worker of a runtime with several threads hands its other tasks over meanwhile.
///
/// The answer must not depend on this thread: it is asked for by tasks of another one, or of a runtime
/// with several threads.
pub(crate) fn wait<F: Future>(future: F) -> F::Output {
    // A task may take so many steps before it yields. This cannot yield, and would be told to for ever.
    let mut future = pin!(tokio::task::unconstrained(future));
    let mut context = Context::from_waker(Waker::noop());
    if let Poll::Ready(answer) = future.as_mut().poll(&mut context) {
        return answer;
    }
    let runtime = Handle::try_current().map(|runtime| runtime.runtime_flavor());
    let runs_a_task = tokio::task::try_id().is_some();
    if runs_a_task && matches!(runtime, Ok(RuntimeFlavor::MultiThread)) {
        tokio::task::block_in_place(|| pollster::block_on(future))
    } else {
        pollster::block_on(future)
    }
}
