//! A server: what commands are sent on, and the task that keeps it connected.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::connection::{Connection, Shared};
use super::resolver::Place;
use super::supervisor::Keeper;
use super::tracking::Tracking;

/// A server. The task ends with it.
pub(super) struct Server {
    pub(super) connection: Connection,
    keeper: OnceLock<AbortHandle>,
}

impl Server {
    /// A server that nobody has begun to connect to. `shown` is for logs, without the password.
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
            keeper: OnceLock::new(),
        }
    }

    /// Begins to connect to where it is. Only the first call counts.
    pub(super) fn start(&self, place: Place, shown: Arc<str>) {
        self.keeper.get_or_init(|| {
            let keeper = Keeper::new(place, shown, self.connection.deadline);
            let run = keeper.run(Arc::clone(&self.connection.shared));
            self.connection.handle.spawn(run).abort_handle()
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(keeper) = self.keeper.get() {
            keeper.abort();
        }
    }
}
