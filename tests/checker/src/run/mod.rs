//! Executes a run: starts the processes and writers, injects the faults of the plan, waits until
//! all processes have seen the last write, and saves the history in a folder.
//!
//! # Layout
//!
//! `store` is the shared backend: `testbed` is Redis behind a proxy, and `monitor` records its
//! commands; `file` is an `SQLite` file. `workers` are the processes of the cache; `external` are
//! the writers that do not use it, each with its `connection`; `faults` begins and ends faults.
//!
//! Every wait is bounded, and every process is killed on drop.

mod connection;
mod external;
mod faults;
mod file;
mod monitor;
mod store;
mod testbed;
mod workers;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::history::{Event, FaultEvent, Recorder};
use crate::names::SENTINEL;
use crate::plan::{Plan, Profile};
use crate::ticker::Ticker;
use crate::time::Moment;
use external::Writers;
use store::Store;
use workers::Workers;

/// How long a process may take to execute a command.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first value of the sentinel, which processes cache.
const FIRST: &str = "sentinel.first";

/// The last value of the sentinel.
const LAST: &str = "sentinel.last";

/// Executes a run. `program` is the binary of this package; the previous contents of `folder` are
/// deleted.
///
/// # Errors
///
/// If the run itself fails: a process cannot be started, or does not execute a command in time.
pub fn run(plan: &Plan, program: &Path, folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot delete {}", folder.display()))?;
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    plan.save(folder)?;
    let recorder = Arc::new(Recorder::create(&folder.join("checker.jsonl"))?);
    let _ticker = Ticker::start("checker", &recorder)?;
    let mut store = Store::start(plan, folder, &recorder)?;
    let mut workers = Workers::start(plan, program, folder, &store.worker_url())?;
    let writers = Writers::start(plan, &store.endpoint(), &recorder)?;
    workers.all("work", PATIENCE)?;
    inject_faults(plan, &mut store, &workers, &recorder)?;
    writers.rest()?;
    workers.all("rest", PATIENCE)?;
    converge(plan, &mut store, &mut workers)?;
    store.final_scan()?;
    workers.end(PATIENCE)?;
    recorder.flush()
}

/// Injects the faults of the plan, and ends them.
fn inject_faults(
    plan: &Plan,
    store: &mut Store,
    workers: &Workers,
    recorder: &Recorder,
) -> Result<()> {
    let start = Instant::now();
    let wait_until = |millis: u64| {
        let until = start + Duration::from_millis(millis);
        thread::sleep(until.saturating_duration_since(Instant::now()));
    };
    let note = |what: String| {
        let at = Moment::now();
        recorder.write(&Event::Fault(FaultEvent { at, what }));
    };
    for planned in &plan.faults {
        wait_until(planned.at);
        note(format!("begins: {:?}", planned.fault));
        faults::begin(&planned.fault, store, workers)?;
        note(format!("has begun: {:?}", planned.fault));
        wait_until(planned.at + planned.lasts);
        faults::end(&planned.fault, store, workers)?;
        note(format!("has ended: {:?}", planned.fault));
    }
    wait_until(plan.millis);
    Ok(())
}

/// Writes the sentinel, waits until all processes have seen it, and lets them read all keys.
fn converge(plan: &Plan, store: &mut Store, workers: &mut Workers) -> Result<()> {
    let mut write = |token: &str, workers: &mut Workers| match plan.profile {
        // There is no other writer.
        Profile::Lone => workers.one(0, &format!("write {token}"), PATIENCE),
        _ => store.set(SENTINEL, token).map(|()| true),
    };
    ensure!(write(FIRST, workers)?, "the sentinel cannot be written");
    ensure!(
        plan.local_max == 0 || workers.all("prime", PATIENCE)?,
        "a process does not cache the sentinel, though all faults have ended"
    );
    ensure!(write(LAST, workers)?, "the sentinel cannot be written");
    // A process that does not see it records that.
    workers.all(&format!("await {LAST}"), PATIENCE)?;
    workers.all(&format!("read {LAST}"), PATIENCE)?;
    Ok(())
}
