//! A process of a run: callers of one cache, controlled by standard input.
//!
//! # Layout
//!
//! This file executes the commands of standard input; `caches` opens the caches; `caller` calls
//! them and records the results; `mix` is the sequence of calls of a caller; `race` is that
//! sequence if all callers use the same key.

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

/// How long a process waits for the sentinel once all faults have ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// The pause between two reads.
const PAUSE: Duration = Duration::from_millis(2);

/// The options of a process.
#[derive(clap::Args, Clone, Debug)]
pub struct Options {
    /// Its name in the history.
    #[arg(long)]
    pub process: String,
    /// The URL of Redis.
    #[arg(long)]
    pub url: String,
    /// The seed of its calls.
    #[arg(long)]
    pub seed: u64,
    /// The number of sequential callers.
    #[arg(long)]
    pub threads: u32,
    /// The number of keys that do not expire.
    #[arg(long)]
    pub keys: u32,
    /// The third of the keys that it only reads, each with its own caller, like the cold keys.
    #[arg(long)]
    pub spares: Option<u32>,
    /// Let all callers use one key after the other.
    #[arg(long)]
    pub racing: bool,
    /// Alternate the callers between two clients over one backend.
    #[arg(long)]
    pub siblings: bool,
    /// The maximum number of entries of the local tier.
    #[arg(long)]
    pub local_max: u32,
    /// The deadline of a round trip, in milliseconds.
    #[arg(long)]
    pub deadline_ms: u64,
    /// The stale-on-error window, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub stale_on_error_ms: u64,
    /// The staleness bound while Redis does not reply, in milliseconds.
    #[arg(long)]
    pub staleness_bound_ms: u64,
    /// Receive no invalidations.
    #[arg(long)]
    pub untracked: bool,
    /// Hold the local tier in the component.
    #[arg(long)]
    pub component: bool,
    /// The file of its history.
    #[arg(long)]
    pub history: PathBuf,
}

struct Worker {
    options: Options,
    recorder: Arc<Recorder>,
    /// The caches of each client.
    caches: Vec<Caches>,
    runtime: Runtime,
    callers: JoinSet<()>,
    is_resting: Arc<AtomicBool>,
}

/// Executes the commands of standard input, one per line, and replies to each with a line, until
/// its end.
///
/// # Errors
///
/// If the cache cannot be opened, or the history cannot be written.
pub fn run(options: &Options) -> Result<()> {
    // The kernel kills this process with the checker, even if it is stopped.
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
    reply("ready")?;
    for line in io::stdin().lines() {
        let line = line.context("cannot read standard input")?;
        let done = worker.execute(&line)?;
        recorder.flush()?;
        reply(if done { "done" } else { "failed" })?;
    }
    Ok(())
}

fn reply(word: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{word}").context("standard output is closed")?;
    out.flush().context("standard output is closed")
}

impl Worker {
    /// Executes a command. Returns `false` if it did not succeed in time.
    fn execute(&mut self, line: &str) -> Result<bool> {
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
            _ => bail!("unknown command {line:?}"),
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
            if options.racing {
                self.callers
                    .spawn_on(race::work(caller, options, is_resting), runtime);
            } else {
                self.callers
                    .spawn_on(mix::work(caller, options, is_resting), runtime);
            }
        }
        let watched = mix::watched(&self.options);
        for (thread, key) in (self.options.threads + 1..).zip(watched) {
            let watch = mix::watch(self.caller(thread), key, Arc::clone(&self.is_resting));
            self.callers.spawn_on(watch, self.runtime.handle());
        }
    }

    /// Reads the sentinel until the local tier has it: only then does its next value need an
    /// invalidation.
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

    /// Reads the sentinel until all caches return its last value.
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
