//! Makes a run: starts who takes part, lets go wrong what the plan says, brings all to rest, and leaves
//! the history in a folder.
//!
//! # Layout
//!
//! `store` is what all write to: `stage` is Redis, the proxy and what is told of them, and `monitor` hears
//! Redis' commands; `file` is an `SQLite` file. `workers` are the processes of the cache; `foreign` are the
//! writers beside it, over `plain` connections; `troubles` begin and end.
//!
//! Every wait is bounded, and every process ends with its value, whatever fails.

mod file;
mod foreign;
mod monitor;
mod plain;
mod stage;
mod store;
mod troubles;
mod workers;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::history::{Event, Fault, Recorder};
use crate::names::SENTINEL;
use crate::plan::{Plan, Profile};
use crate::ticker::Ticker;
use crate::time::Moment;
use foreign::Writers;
use store::Store;
use workers::Workers;

/// How long a process may take to do what it was told.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the sentinel holds before it tells anything.
const FIRST: &str = "sentinel.first";

/// What the sentinel holds last.
const LAST: &str = "sentinel.last";

/// Makes a run. `program` is the binary of this package; what `folder` held is deleted.
///
/// # Errors
///
/// If something fails that is not to fail: a process cannot be started, or does not come to rest.
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
    let writers = Writers::start(plan, &store.place(), &recorder)?;
    workers.all("work", PATIENCE)?;
    misbehave(plan, &mut store, &workers, &recorder)?;
    writers.rest()?;
    workers.all("rest", PATIENCE)?;
    come_to_rest(plan, &mut store, &mut workers)?;
    store.survey_at_rest()?;
    workers.end(PATIENCE)?;
    recorder.flush()
}

/// Lets go wrong what the plan says, and nothing more at its end.
fn misbehave(plan: &Plan, store: &mut Store, workers: &Workers, recorder: &Recorder) -> Result<()> {
    let start = Instant::now();
    let wait_until = |millis: u64| {
        let until = start + Duration::from_millis(millis);
        thread::sleep(until.saturating_duration_since(Instant::now()));
    };
    let note = |what: String| {
        let at = Moment::now();
        recorder.write(&Event::Fault(Fault { at, what }));
    };
    for planned in &plan.troubles {
        wait_until(planned.at);
        note(format!("begins: {:?}", planned.trouble));
        troubles::begin(&planned.trouble, store, workers)?;
        note(format!("is there: {:?}", planned.trouble));
        wait_until(planned.at + planned.lasts);
        troubles::end(&planned.trouble, store, workers)?;
        note(format!("is over: {:?}", planned.trouble));
    }
    wait_until(plan.millis);
    Ok(())
}

/// Lets all processes see the last write, and then read everything.
fn come_to_rest(plan: &Plan, store: &mut Store, workers: &mut Workers) -> Result<()> {
    let mut write = |token: &str, workers: &mut Workers| match plan.profile {
        // There is nobody else who could write.
        Profile::Lone => workers.one(0, &format!("write {token}"), PATIENCE),
        _ => store.set(SENTINEL, token).map(|()| true),
    };
    ensure!(write(FIRST, workers)?, "the sentinel cannot be written");
    ensure!(
        plan.local_max == 0 || workers.all("prime", PATIENCE)?,
        "a process does not keep the sentinel in its local tier, though nothing is wrong any more"
    );
    ensure!(write(LAST, workers)?, "the sentinel cannot be written");
    // Whoever fails to see it has written that down.
    workers.all(&format!("await {LAST}"), PATIENCE)?;
    workers.all(&format!("read {LAST}"), PATIENCE)?;
    Ok(())
}
