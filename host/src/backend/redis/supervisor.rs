//! The task that connects, and connects again.
//!
//! Tracking and its pushes need RESP3, which begins with `HELLO 3`:
//! <https://redis.io/docs/latest/commands/hello/>.

use std::future::pending;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use ::redis::aio::MultiplexedConnection;
use ::redis::io::tcp::{TcpSettings, socket2::TcpKeepalive};
use ::redis::{ConnectionInfo, ProtocolVersion, PushInfo, RedisError};
use tokio::time::{Instant, MissedTickBehavior};

use super::connection::{Failure, Shared, hear_if_alive};
use super::dial;
use super::resolver::{Place, Site};
use super::sentinel::Lookout;
use super::tracking::{LASTING_BOUNDS, Tracking};
use crate::backend::{describe, time};

/// The pause before the second of several attempts that nobody waits for; each later one is twice as
/// long as the one before.
const FIRST_PAUSE: Duration = Duration::from_millis(50);

/// The longest pause between such attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// A connection that was lost sooner than this counts as a failed attempt.
const WORTH_SOMETHING: Duration = Duration::from_secs(1);

/// How long a link may be silent before the system probes whether it still is one.
const PROBE_AFTER: Duration = Duration::from_secs(15);

/// The outcome of a successful attempt.
struct Attached {
    connection: MultiplexedConnection,
    protocol: ProtocolVersion,
    site: Site,
    lookout: Option<Lookout>,
}

/// Where to connect and how.
pub(super) struct Keeper {
    place: Place,
    tcp: TcpSettings,
    /// For logs: without the password.
    address: Arc<str>,
    /// How long an attempt may take.
    deadline: Duration,
}

impl Keeper {
    pub(super) fn new(place: Place, address: Arc<str>, deadline: Duration) -> Self {
        let tcp = TcpSettings::default()
            .set_nodelay(true)
            .set_keepalive(TcpKeepalive::new().with_time(PROBE_AFTER));
        Self {
            place,
            tcp,
            address,
            deadline,
        }
    }

    /// Connects, waits until the connection is lost, and so on, until the task is aborted.
    ///
    /// After a failure it pauses, unless somebody waits for an attempt.
    pub(super) async fn run(self, shared: Arc<Shared>) {
        let mut failures = 0;
        loop {
            let number = shared.begin();
            let outcome = self.attempt(number, &shared).await;
            self.log(outcome.as_ref().err(), failures);
            let since = Instant::now();
            match outcome {
                Ok(attached) => {
                    shared.end(Ok(attached.connection.clone()));
                    self.watch(number, attached, &shared).await;
                    tracing::warn!(address = &*self.address, "lost the connection to Redis");
                    if since.elapsed() >= WORTH_SOMETHING {
                        failures = 0;
                        continue;
                    }
                }
                Err(failure) => shared.end(Err(failure)),
            }
            tokio::select! {
                () = shared.wanted.notified() => {}
                () = tokio::time::sleep(pause(failures)) => {}
            }
            failures = failures.saturating_add(1);
        }
    }

    /// Finds out where to connect, and connects, unless it is said meanwhile that the place is another.
    async fn attempt(&self, number: u64, shared: &Arc<Shared>) -> Result<Attached, Failure> {
        // Sooner than those who wait for the attempt give up, so that they learn why it failed.
        let end = time::deadline_after(self.deadline / 10 * 9);
        let (site, mut lookout) = self.place.find(self.deadline / 10 * 4).await?;
        let connected = tokio::select! {
            connected = self.connect(&site, end, number, shared) => connected,
            () = moved(lookout.as_mut()) => {
                shared.lose(number);
                return Err(Failure::Lost);
            }
        };
        match connected {
            Ok((connection, protocol)) => Ok(Attached {
                connection,
                protocol,
                site,
                lookout,
            }),
            Err(source) => {
                self.place.led_nowhere();
                let address = site.shown;
                Err(Failure::Refused { address, source })
            }
        }
    }

    async fn connect(
        &self,
        site: &Site,
        end: Instant,
        number: u64,
        shared: &Arc<Shared>,
    ) -> Result<(MultiplexedConnection, ProtocolVersion), RedisError> {
        let weak = Arc::downgrade(shared);
        let on_push = move |push: PushInfo| {
            hear_if_alive(&weak, number, &push);
            Ok::<(), ()>(())
        };
        let (mut connection, protocol) = dial::open_newest(&self.info(site), end, on_push).await?;
        self.place.verify(&mut connection, protocol, end).await?;
        match (&shared.tracking, protocol) {
            (None, _) => {}
            (Some(tracking), ProtocolVersion::RESP2) => tracking.begin_without(number),
            (Some(tracking), _) => {
                let begun = tracking.begin(&mut connection, number);
                dial::until(end, begun).await?;
            }
        }
        Ok((connection, protocol))
    }

    /// Waits until the connection is lost, and loses it when it tells nothing any more, or leads to a
    /// place that is not the right one any more.
    async fn watch(&self, number: u64, attached: Attached, shared: &Shared) {
        let Attached {
            connection,
            protocol,
            site,
            mut lookout,
        } = attached;
        let tracking = shared.tracking.as_ref();
        tokio::select! {
            () = shared.down() => {}
            () = silent(number, connection, tracking) => shared.lose(number),
            () = moved(lookout.as_mut()) => shared.lose(number),
            () = self.newer(&site, protocol, tracking) => shared.lose(number),
        }
    }

    /// Waits until a server that refused RESP3 speaks it: proxies and users can be changed.
    async fn newer(&self, site: &Site, protocol: ProtocolVersion, tracking: Option<&Tracking>) {
        let (ProtocolVersion::RESP2, Some(tracking)) = (protocol, tracking) else {
            return pending().await;
        };
        loop {
            tokio::time::sleep(tracking.bound.saturating_mul(LASTING_BOUNDS)).await;
            let end = time::deadline_after(self.deadline / 10 * 9);
            let config = dial::config();
            let opened = dial::open(&self.info(site), ProtocolVersion::RESP3, &config, end).await;
            if opened.is_ok() {
                return;
            }
        }
    }

    fn info(&self, site: &Site) -> ConnectionInfo {
        site.info.clone().set_tcp_settings(self.tcp.clone())
    }

    fn log(&self, failure: Option<&Failure>, failures: u32) {
        let address = &*self.address;
        match failure.map(|failure| describe(failure)) {
            None => tracing::debug!(address, "connected to Redis"),
            Some(error) if failures == 0 => {
                tracing::warn!(address, error, "cannot connect to Redis; trying on");
            }
            Some(error) => tracing::debug!(address, error, failures, "still no Redis"),
        }
    }
}

/// Waits until the server of a connection says nothing any more, or that it is not what it was.
async fn silent(number: u64, connection: MultiplexedConnection, tracking: Option<&Tracking>) {
    let Some(tracking) = tracking else {
        return pending().await;
    };
    let mut ticks = tokio::time::interval(tracking.bound / 2);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut settled = tracking.ear.settled();
    loop {
        let asks_again = tracking.asks_again(number);
        tokio::select! {
            _ = ticks.tick() => {}
            () = at(asks_again) => {}
            // The sender is in the ear: it cannot be gone.
            Ok(()) = settled.changed() => {}
        }
        if !tracking.beat(number, connection.clone()).await {
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

/// Waits until the place is said to be another.
async fn moved(lookout: Option<&mut Lookout>) {
    match lookout {
        Some(lookout) => lookout.moved().await,
        None => pending().await,
    }
}

/// Half of it is random, so that the clients of a server that comes back do not come all at once.
pub(super) fn pause(failures: u32) -> Duration {
    let whole = FIRST_PAUSE
        .saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX))
        .min(LONGEST_PAUSE);
    let half = whole / 2;
    let random = u32::try_from(RandomState::new().hash_one(failures) % 1024).unwrap_or(0);
    half + half * random / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pause_grows_to_its_limit_and_stays_there() {
        assert!(pause(0) <= FIRST_PAUSE);
        for failures in [7, 31, 32, u32::MAX] {
            let pause = pause(failures);
            assert!(
                (LONGEST_PAUSE / 2..=LONGEST_PAUSE).contains(&pause),
                "after {failures} failures the pause is {pause:?}"
            );
        }
    }
}
