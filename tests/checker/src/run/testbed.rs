//! Redis, the proxy in front of it, and the connection of the checker.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use flipcache_tests::{Proxy, RedisOptions, RedisServer};
use redis::{Commands, Connection};

use super::monitor::{Monitor, Order};
use crate::history::{Event, FinalScan, Recorder};
use crate::names::{CACHE, complete};
use crate::plan::Plan;
use crate::time::Moment;

/// The client name of connections that do not belong to the processes.
pub(super) const NAME: &str = "checker";

/// The Redis user of the processes.
pub(super) const USER: &str = "app";

/// How long Redis may take to reply to the checker, whose connection has no faults.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Testbed {
    server: RedisServer,
    pub(super) proxy: Proxy,
    admin: Connection,
    /// `None` while Redis is down.
    monitor: Option<Monitor>,
    recorder: Arc<Recorder>,
    order: Arc<Order>,
    gate: Arc<Gate>,
    durable: bool,
}

/// Prevents external writers from connecting while it is closed.
#[derive(Default)]
pub(super) struct Gate {
    is_closed: Mutex<bool>,
    opened: Condvar,
}

impl Testbed {
    pub(super) fn start(plan: &Plan, recorder: &Arc<Recorder>) -> Result<Self> {
        let user = ["--user", USER, "on", ">app", "~*", "&*", "+@all"];
        let server = RedisServer::start_with(RedisOptions {
            persist: plan.durable,
            arguments: user.map(str::to_owned).into(),
            ..RedisOptions::default()
        });
        let order = Arc::new(Order::default());
        let testbed = Self {
            proxy: Proxy::start(server.port()),
            admin: connect(&server.url())?,
            monitor: Some(Monitor::attach(server.port(), recorder, &order)?),
            server,
            recorder: Arc::clone(recorder),
            order,
            gate: Arc::default(),
            durable: plan.durable,
        };
        Ok(testbed)
    }

    /// Returns the URL of Redis without the proxy.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// Returns the URL of Redis for the processes, through the proxy.
    pub(super) fn worker_url(&self) -> String {
        format!("redis://{USER}:app@127.0.0.1:{}", self.proxy.port())
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// Sends a command without the proxy.
    pub(super) fn query<T: redis::FromRedisValue>(&mut self, words: &[&str]) -> Result<T> {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let reply = command.query(&mut self.admin);
        reply.with_context(|| format!("{words:?} must succeed"))
    }

    /// Writes a key of the cache, without using it.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<()> {
        self.query(&["SET", &complete(key), value])
    }

    /// Kills Redis, restarts it, and scans the persisted values before any client can write.
    pub(super) fn kill_and_restart(&mut self) -> Result<()> {
        self.proxy.refuse();
        self.gate.close();
        self.server.kill();
        if let Some(monitor) = self.monitor.take() {
            monitor.finish()?;
        }
        self.server.restart_on_same_port();
        self.admin = connect(&self.server.url())?;
        let monitor = Monitor::attach(self.server.port(), &self.recorder, &self.order)?;
        self.monitor = Some(monitor);
        self.scan(true)?;
        self.gate.open();
        Ok(())
    }

    /// Scans Redis, once all executed commands are recorded.
    pub(super) fn final_scan(&mut self) -> Result<()> {
        const TOKEN: &str = "end";
        self.query::<String>(&["ECHO", TOKEN])?;
        let monitor = self.monitor.as_ref().context("Redis must be up")?;
        monitor.wait_for_echo(TOKEN, PATIENCE)?;
        self.scan(false)
    }

    fn scan(&mut self, restarted: bool) -> Result<()> {
        let pattern = format!("{CACHE}:*");
        let keys = self.admin.scan_match::<_, String>(pattern)?;
        let keys: Vec<String> = keys.collect::<Result<_, _>>()?;
        let mut values = BTreeMap::new();
        for key in keys {
            let value: Option<String> = self.admin.get(&key)?;
            values.extend(value.map(|value| (key, value)));
        }
        self.recorder.write(&Event::FinalScan(FinalScan {
            order: self.order.next(),
            at: Moment::now(),
            restarted,
            durable: self.durable,
            values,
        }));
        Ok(())
    }
}

/// Connects without the proxy.
pub(super) fn connect(url: &str) -> Result<Connection> {
    let client = redis::Client::open(url).context("the server's URL must be valid")?;
    let mut connection = client
        .get_connection_with_timeout(PATIENCE)
        .context("the server must be up")?;
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    redis::cmd("CLIENT")
        .arg(&["SETNAME", NAME])
        .query::<()>(&mut connection)
        .context("a connection must have a name")?;
    Ok(connection)
}

impl Gate {
    fn close(&self) {
        *self
            .is_closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = true;
    }

    fn open(&self) {
        *self
            .is_closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = false;
        self.opened.notify_all();
    }

    /// Waits until the gate is open, up to a timeout. Returns whether it is.
    pub(super) fn pass(&self, patience: Duration) -> bool {
        let is_closed = self
            .is_closed
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .opened
            .wait_timeout_while(is_closed, patience, |is_closed| *is_closed);
        let (is_closed, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !*is_closed
    }
}
