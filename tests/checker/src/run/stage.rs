//! Redis, the proxy in front of it, and what the checker itself has to say to Redis.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use flipcache_tests::{Proxy, RedisOptions, RedisServer};
use redis::{Commands, Connection};

use super::monitor::{Monitor, Order};
use crate::history::{Event, Recorder, Survey};
use crate::names::{CACHE, complete};
use crate::plan::Plan;
use crate::time::Moment;

/// What connections are called that are not the processes'.
pub(super) const NAME: &str = "checker";

/// Who the processes are to Redis.
pub(super) const USER: &str = "app";

/// How long Redis may take to answer the checker, which nothing stands in the way of.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) struct Stage {
    server: RedisServer,
    pub(super) proxy: Proxy,
    admin: Connection,
    /// `None` while Redis is not there.
    monitor: Option<Monitor>,
    recorder: Arc<Recorder>,
    order: Arc<Order>,
    gate: Arc<Gate>,
    durable: bool,
}

/// Keeps the plain writers from connecting while it is closed.
#[derive(Default)]
pub(super) struct Gate {
    is_closed: Mutex<bool>,
    opened: Condvar,
}

impl Stage {
    pub(super) fn start(plan: &Plan, recorder: &Arc<Recorder>) -> Result<Self> {
        let user = ["--user", USER, "on", ">app", "~*", "&*", "+@all"];
        let server = RedisServer::start_with(RedisOptions {
            persist: plan.durable,
            arguments: user.map(str::to_owned).into(),
            ..RedisOptions::default()
        });
        let order = Arc::new(Order::default());
        let stage = Self {
            proxy: Proxy::start(server.port()),
            admin: connect(&server.url())?,
            monitor: Some(Monitor::attach(server.port(), recorder, &order)?),
            server,
            recorder: Arc::clone(recorder),
            order,
            gate: Arc::default(),
            durable: plan.durable,
        };
        Ok(stage)
    }

    /// Where Redis is for those who do not go through the proxy.
    pub(super) fn url(&self) -> String {
        self.server.url()
    }

    /// Where Redis is for the processes.
    pub(super) fn worker_url(&self) -> String {
        format!("redis://{USER}:app@127.0.0.1:{}", self.proxy.port())
    }

    pub(super) fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    /// Sends a command, past the proxy.
    pub(super) fn ask<T: redis::FromRedisValue>(&mut self, words: &[&str]) -> Result<T> {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        let answer = command.query(&mut self.admin);
        answer.with_context(|| format!("{words:?} must be answered"))
    }

    /// Writes a key of the cache, past it.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<()> {
        self.ask(&["SET", &complete(key), value])
    }

    /// Kills Redis in the middle of whatever it does, starts it again, and reads what it has kept
    /// before anybody else can write.
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
        self.survey(true)?;
        self.gate.open();
        Ok(())
    }

    /// Reads all that Redis holds, once it has told of everything that it has executed.
    pub(super) fn survey_at_rest(&mut self) -> Result<()> {
        const TOKEN: &str = "end";
        self.ask::<String>(&["ECHO", TOKEN])?;
        let monitor = self.monitor.as_ref().context("Redis must be there")?;
        monitor.wait_for_echo(TOKEN, PATIENCE)?;
        self.survey(false)
    }

    fn survey(&mut self, restarted: bool) -> Result<()> {
        let pattern = format!("{CACHE}:*");
        let keys = self.admin.scan_match::<_, String>(pattern)?;
        let keys: Vec<String> = keys.collect::<Result<_, _>>()?;
        let mut values = BTreeMap::new();
        for key in keys {
            let value: Option<String> = self.admin.get(&key)?;
            values.extend(value.map(|value| (key, value)));
        }
        self.recorder.write(&Event::Survey(Survey {
            order: self.order.next(),
            at: Moment::now(),
            restarted,
            durable: self.durable,
            values,
        }));
        Ok(())
    }
}

/// A connection past the proxy.
pub(super) fn connect(url: &str) -> Result<Connection> {
    let client = redis::Client::open(url).context("the server's URL must be right")?;
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

    /// Waits until it is open, for a while; whether it is.
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
