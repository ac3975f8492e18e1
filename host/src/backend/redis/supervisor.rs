//! The task that connects and reconnects.
//!
//! Tracking needs the push messages of RESP3, which begins with `HELLO 3`:
//! <https://redis.io/docs/latest/commands/hello/>.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use ::redis::{ConnectionInfo, ProtocolVersion, PushInfo, RedisError};
use tokio::time::{Instant, MissedTickBehavior};

use super::backoff::backoff;
use super::connection::{Shared, on_push};
use super::dial;
use super::failure::Failure;
use super::resolver::{Endpoint, Resolver};
use super::sentinel::MasterWatch;
use super::tracking::{RETRY_BOUNDS, Tracking};
use crate::backend::{describe, time};

/// A connection that was lost sooner than this counts as a failed attempt.
const MIN_UPTIME: Duration = Duration::from_secs(1);

/// How long a connection may be idle before the system sends TCP keepalive probes.
const PROBE_AFTER: Duration = Duration::from_secs(15);

/// The outcome of a successful attempt.
struct Connected {
    connection: MultiplexedConnection,
    protocol: ProtocolVersion,
    endpoint: Endpoint,
    master_watch: Option<MasterWatch>,
}

/// Where to connect and how.
pub(super) struct Supervisor {
    resolver: Resolver,
    tcp: TcpSettings,
    /// For logs, without the password.
    address: Arc<str>,
    /// How long an attempt may take.
    deadline: Duration,
}

impl Supervisor {
    pub(super) fn new(resolver: Resolver, address: Arc<str>, deadline: Duration) -> Self {
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(TcpKeepalive::new().with_time(PROBE_AFTER));
        Self {
            resolver,
            tcp,
            address,
            deadline,
        }
    }

    /// Connects, waits until the connection is lost, and repeats that until the task is aborted.
    ///
    /// Pauses after a failure, unless a caller waits for an attempt.
    pub(super) async fn run(self, shared: Arc<Shared>) {
        let mut failures = 0;
        loop {
            let number = shared.begin();
            let outcome = self.attempt(number, &shared).await;
            self.log(outcome.as_ref().err(), failures);
            let since = Instant::now();
            match outcome {
                Ok(connected) => {
                    shared.end(Ok(connected.connection.clone()));
                    self.watch(number, connected, &shared).await;
                    tracing::warn!(address = &*self.address, "lost the connection to Redis");
                    if since.elapsed() >= MIN_UPTIME {
                        failures = 0;
                        continue;
                    }
                }
                Err(failure) => shared.end(Err(failure)),
            }
            tokio::select! {
                () = shared.wanted.notified() => {}
                () = tokio::time::sleep(backoff(failures)) => {}
            }
            failures = failures.saturating_add(1);
        }
    }

    /// Resolves the endpoint and connects to it. Fails if a sentinel names another master
    /// meanwhile.
    async fn attempt(&self, number: u64, shared: &Arc<Shared>) -> Result<Connected, Failure> {
        // Ends before the waiting callers time out, so that they learn why it failed.
        let end = time::deadline_after(self.deadline / 10 * 9);
        let (endpoint, mut master_watch) = self.resolver.resolve(self.deadline / 10 * 4).await?;
        let connected = tokio::select! {
            connected = self.connect(&endpoint, end, number, shared) => connected,
            () = master_changed(master_watch.as_mut()) => {
                shared.lose(number);
                return Err(Failure::Lost);
            }
        };
        match connected {
            Ok((connection, protocol)) => Ok(Connected {
                connection,
                protocol,
                endpoint,
                master_watch,
            }),
            Err(source) => {
                self.resolver.report_failure();
                let address = endpoint.shown;
                Err(Failure::Refused { address, source })
            }
        }
    }

    async fn connect(
        &self,
        endpoint: &Endpoint,
        end: Instant,
        number: u64,
        shared: &Arc<Shared>,
    ) -> Result<(MultiplexedConnection, ProtocolVersion), RedisError> {
        let weak = Arc::downgrade(shared);
        let forward_push = move |push: PushInfo| {
            on_push(&weak, number, &push);
            Ok::<(), ()>(())
        };
        let (mut connection, protocol) =
            dial::open_newest(&self.info(endpoint), end, forward_push).await?;
        self.resolver.verify(&mut connection, protocol, end).await?;
        match (&shared.tracking, protocol) {
            (None, _) => {}
            (Some(tracking), ProtocolVersion::RESP2) => tracking.begin_untracked(number),
            (Some(tracking), _) => {
                let begun = tracking.begin(&mut connection, number);
                dial::until(end, begun).await?;
            }
        }
        Ok((connection, protocol))
    }

    /// Waits until the connection is lost. Gives it up when heartbeats fail, the master has
    /// changed, or a server that refused RESP3 speaks it.
    async fn watch(&self, number: u64, connected: Connected, shared: &Shared) {
        let Connected {
            connection,
            protocol,
            endpoint,
            mut master_watch,
        } = connected;
        let tracking = shared.tracking.as_ref();
        tokio::select! {
            () = shared.down() => {}
            () = heartbeats_fail(number, connection, tracking) => shared.lose(number),
            () = master_changed(master_watch.as_mut()) => shared.lose(number),
            () = self.resp3_spoken(&endpoint, protocol, tracking) => shared.lose(number),
        }
    }

    /// Waits until a server that refused RESP3 speaks it: proxies and users can be changed.
    async fn resp3_spoken(
        &self,
        endpoint: &Endpoint,
        protocol: ProtocolVersion,
        tracking: Option<&Tracking>,
    ) {
        let (ProtocolVersion::RESP2, Some(tracking)) = (protocol, tracking) else {
            return pending().await;
        };
        loop {
            tokio::time::sleep(tracking.bound.saturating_mul(RETRY_BOUNDS)).await;
            let end = time::deadline_after(self.deadline / 10 * 9);
            let config = dial::config();
            let opened =
                dial::open(&self.info(endpoint), ProtocolVersion::RESP3, &config, end).await;
            if opened.is_ok() {
                return;
            }
        }
    }

    fn info(&self, endpoint: &Endpoint) -> ConnectionInfo {
        endpoint.info.clone().set_tcp_settings(self.tcp.clone())
    }

    fn log(&self, failure: Option<&Failure>, failures: u32) {
        let address = &*self.address;
        match failure.map(|failure| describe(failure)) {
            None => tracing::debug!(address, "connected to Redis"),
            Some(error) if failures == 0 => {
                tracing::warn!(address, error, "cannot connect to Redis; retrying");
            }
            Some(error) => {
                tracing::debug!(address, error, failures, "still cannot connect to Redis");
            }
        }
    }
}

/// Sends heartbeats until one fails or shows that the server's role has changed.
async fn heartbeats_fail(
    number: u64,
    connection: MultiplexedConnection,
    tracking: Option<&Tracking>,
) {
    let Some(tracking) = tracking else {
        return pending().await;
    };
    let mut ticks = tokio::time::interval(tracking.bound / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut settled = tracking.health.settled();
    loop {
        let retry_at = tracking.retry_at(number);
        tokio::select! {
            _ = ticks.tick() => {}
            () = at(retry_at) => {}
            // The sender is in the health, so this cannot fail.
            Ok(()) = settled.changed() => {}
        }
        if !tracking.heartbeat(number, connection.clone()).await {
            return;
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => pending().await,
    }
}

/// Waits until a sentinel names another master.
async fn master_changed(master_watch: Option<&mut MasterWatch>) {
    match master_watch {
        Some(master_watch) => master_watch.changed().await,
        None => pending().await,
    }
}
