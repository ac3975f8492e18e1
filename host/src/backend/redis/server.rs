//! One server: the connection to it, and the task that keeps it connected.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::connection::{Connection, Shared};
use super::resolver::Resolver;
use super::supervisor::Supervisor;
use super::tracking::Tracking;

/// One server. Its task ends with it.
pub(super) struct Server {
    pub(super) connection: Connection,
    supervisor: OnceLock<AbortHandle>,
}

impl Server {
    /// Returns a server that is not being connected to yet. `shown` is for logs, without the
    /// password.
    pub(super) fn new(
        shown: Arc<str>,
        tracking: Option<Tracking>,
        deadline: Duration,
        handle: Handle,
    ) -> Self {
        Self {
            connection: Connection {
                shared: Arc::new(Shared::new(shown, tracking)),
                handle,
                deadline,
            },
            supervisor: OnceLock::new(),
        }
    }

    /// Starts connecting to what `resolver` finds. Only the first call has an effect.
    pub(super) fn start(&self, resolver: Resolver, shown: Arc<str>) {
        self.supervisor.get_or_init(|| {
            let supervisor = Supervisor::new(resolver, shown, self.connection.deadline);
            let run = supervisor.run(Arc::clone(&self.connection.shared));
            self.connection.handle.spawn(run).abort_handle()
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.get() {
            supervisor.abort();
        }
    }
}
