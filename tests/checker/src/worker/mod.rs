//! A process of a run: callers of one cache, until standard input tells them to rest.
//!
//! # Layout
//!
//! This file understands what it is told; `caches` are what is called; `caller` calls them and writes
//! down what they answer; `mix` is what a caller calls, one after the other; `race` is that where all call
//! for one key.

mod caches;
mod caller;
mod mix;
mod race;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use flipcache::Cache;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use crate::history::{Event, Quiet, Recorder};
use crate::names::{self, SENTINEL};
use crate::ticker::Ticker;
use crate::time::Moment;
use caches::Caches;
use caller::Caller;

/// How long a process waits for what must happen once nothing is wrong any more.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// What a process is like.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Its name in the history.
    #[arg(long)]
    pub process: String,
    /// The URL of Redis.
    #[arg(long)]
    pub url: String,
    /// What its calls follow from.
    #[arg(long)]
    pub seed: u64,
    /// How many sequential callers it has.
    #[arg(long)]
    pub threads: u32,
    /// How many keys there are that do not expire.
    #[arg(long)]
    pub keys: u32,
    /// Which third of the keys it only reads: each by a caller of its own, as it does the cold ones.
    #[arg(long)]
    pub spares: Option<u32>,
    /// Its callers race for one key after the other.
    #[arg(long)]
    pub racing: bool,
    /// Its callers are those of two clients over one backend, by turns.
    #[arg(long)]
    pub siblings: bool,
    /// How many entries its local tier holds.
    #[arg(long)]
    pub local_max: u32,
    /// How long a round trip may take, in milliseconds.
    #[arg(long)]
    pub deadline_ms: u64,
    /// How long it may answer, marked stale, while Redis fails, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub stale_on_error_ms: u64,
    /// How long it may answer while Redis is silent, in milliseconds.
    #[arg(long)]
    pub staleness_bound_ms: u64,
    /// It is not told what others write.
    #[arg(long)]
    pub untold: bool,
    /// Holds the local tier in the component.
    #[arg(long)]
    pub component: bool,
    /// The file of its history.
    #[arg(long)]
    pub history: PathBuf,
}

struct Worker {
    options: Options,
    recorder: Arc<Recorder>,
    /// Of one client each.
    caches: Vec<Caches>,
    runtime: Runtime,
    callers: JoinSet<()>,
    is_resting: Arc<AtomicBool>,
}

/// Does what standard input says, a line each, and answers each with a line, until it is at its end.
///
/// # Errors
///
/// If the cache cannot be opened, or the history not be written.
pub fn run(options: &Options) -> Result<()> {
    // Whatever ends the checker ends this process too, though it be stopped.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let recorder = Arc::new(Recorder::create(&options.history)?);
    let _ticker = Ticker::start(&options.process, &recorder)?;
    let mut worker = Worker {
        options: options.clone(),
        recorder: Arc::clone(&recorder),
        caches: caches::open(options)?,
        runtime: Runtime::new().context("the process needs threads")?,
        callers: JoinSet::new(),
        is_resting: Arc::new(AtomicBool::new(false)),
    };
    answer("ready")?;
    for line in io::stdin().lines() {
        let line = line.context("cannot read what to do")?;
        let done = worker.obey(&line)?;
        recorder.flush()?;
        answer(if done { "done" } else { "failed" })?;
    }
    Ok(())
}

fn answer(word: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{word}").context("nobody listens")?;
    out.flush().context("nobody listens")
}

impl Worker {
    /// `false` if it could not be done in time.
    fn obey(&mut self, line: &str) -> Result<bool> {
        match line.split_once(' ').unwrap_or((line, "")) {
            ("work", "") => self.work(),
            ("rest", "") => {
                self.is_resting.store(true, Ordering::Release);
                let callers = std::mem::take(&mut self.callers);
                self.runtime.block_on(callers.join_all());
            }
            ("prime", "") => return Ok(self.caches.iter().all(|caches| self.prime(&caches.text))),
            ("write", token) => return Ok(self.runtime.block_on(self.write(token))),
            ("await", token) => return Ok(self.runtime.block_on(self.wait_for(token))),
            ("read", token) => self.runtime.block_on(self.read_all(token)),
            _ => bail!("cannot {line:?}"),
        }
        Ok(true)
    }

    fn caller(&self, thread: u32) -> Caller {
        let clients = u32::try_from(self.caches.len()).unwrap_or(1);
        let caches = &self.caches[(thread % clients) as usize];
        Caller {
            process: self.options.process.clone(),
            thread,
            caches: caches.clone(),
            recorder: Arc::clone(&self.recorder),
            quiet: None,
        }
    }

    fn work(&mut self) {
        for thread in 1..=self.options.threads {
            let (caller, options) = (self.caller(thread), self.options.clone());
            let is_resting = Arc::clone(&self.is_resting);
            let runtime = self.runtime.handle();
            match options.racing {
                true => self
                    .callers
                    .spawn_on(race::work(caller, options, is_resting), runtime),
                false => self
                    .callers
                    .spawn_on(mix::work(caller, options, is_resting), runtime),
            };
        }
        let watched = mix::watched(&self.options);
        for (thread, key) in (self.options.threads + 1..).zip(watched) {
            let watch = mix::watch(self.caller(thread), key, Arc::clone(&self.is_resting));
            self.callers.spawn_on(watch, self.runtime.handle());
        }
    }

    /// Reads the sentinel until the local tier has it: only then does it take a push to see the next.
    fn prime(&self, cache: &Cache) -> bool {
        self.runtime.block_on(async {
            let start = Moment::now();
            while Moment::now().since(start) < PATIENCE {
                let is_local = matches!(
                    cache.get_detailed(SENTINEL).await,
                    Ok(found) if found.source == flipcache::Source::Local && found.value.is_some()
                );
                if is_local {
                    return true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            false
        })
    }

    /// Writes the sentinel.
    async fn write(&self, token: &str) -> bool {
        let start = Moment::now();
        while Moment::now().since(start) < PATIENCE {
            if self.caller(0).set(SENTINEL, token).await {
                return true;
            }
            tokio::time::sleep(PAUSE).await;
        }
        false
    }

    /// Reads the sentinel until it has its last value, in all caches.
    async fn wait_for(&self, token: &str) -> bool {
        let since = Moment::now();
        let mut seen = None;
        for Caches { text: cache, .. } in &self.caches {
            seen = None;
            while seen.is_none() && Moment::now().since(since) < PATIENCE {
                match cache.get(SENTINEL).await {
                    Ok(Some(value)) if value == token => seen = Some(Moment::now()),
                    _ => tokio::time::sleep(PAUSE).await,
                }
            }
            if seen.is_none() {
                break;
            }
        }
        self.recorder.write(&Event::Quiet(Quiet {
            process: self.options.process.clone(),
            key: names::complete(SENTINEL),
            token: token.to_owned(),
            since,
            seen,
        }));
        seen.is_some()
    }

    async fn read_all(&self, token: &str) {
        for client in 0..u32::try_from(self.caches.len()).unwrap_or(1) {
            let mut caller = self.caller(client);
            caller.quiet = Some(token.to_owned());
            for key in names::all(self.options.keys) {
                caller.get(&key).await;
            }
            for counter in names::counters() {
                caller.get_counter(&counter).await;
            }
        }
    }
}
