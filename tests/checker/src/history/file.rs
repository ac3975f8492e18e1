//! Reads and writes events: `plan.json` holds the plan, and every `.jsonl` file beside it holds
//! events.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};

use super::{Event, History};
use crate::plan::Plan;

/// Writes events to a file, one per line.
pub struct Recorder(Mutex<BufWriter<File>>);

impl Recorder {
    /// Creates a file.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn create(path: &Path) -> Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self(Mutex::new(BufWriter::new(file))))
    }

    /// Writes an event.
    ///
    /// # Panics
    ///
    /// If the file cannot be written any more: a history with a hole proves nothing.
    pub fn write(&self, event: &Event) {
        let mut line = serde_json::to_vec(event).expect("an event has a JSON form");
        line.push(b'\n');
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line).expect("the history must be written");
    }

    /// Flushes the file, so that other processes can read it.
    ///
    /// # Errors
    ///
    /// If the file cannot be written.
    pub fn flush(&self) -> Result<()> {
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        file.flush().context("cannot write the history")
    }
}

/// Reads the plan and the history of a run from a folder.
///
/// # Errors
///
/// If a file cannot be read or parsed.
pub fn load(folder: &Path) -> Result<(Plan, History)> {
    let plan = Plan::load(folder)?;
    let mut history = History {
        limits: plan.limits.clone(),
        ..History::default()
    };
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()));
    for entry in entries? {
        let path = entry.context("cannot list the folder")?.path();
        if path
            .extension()
            .is_some_and(|extension| extension == "jsonl")
        {
            add_file(&mut history, &path)
                .with_context(|| format!("cannot read {}", path.display()))?;
        }
    }
    history.sort();
    Ok((plan, history))
}

fn add_file(history: &mut History, path: &Path) -> Result<()> {
    for (at, line) in BufReader::new(File::open(path)?).lines().enumerate() {
        let event = serde_json::from_str(&line?).with_context(|| format!("line {}", at + 1))?;
        history.add(event);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::{FaultEvent, MonitorLine};
    use crate::plan::Profile;
    use crate::time::Moment;

    #[test]
    fn load_returns_the_events_of_all_files_in_order() {
        let folder = tempfile::tempdir().expect("a folder must be created");
        let plan = Plan::new(1, Profile::Lone, std::time::Duration::from_secs(1));
        plan.save(folder.path()).expect("it must be written");
        let line = |order| MonitorLine {
            order,
            at: Moment(order),
            words: vec!["SET".to_owned(), "k".to_owned(), "\"v\n".to_owned()],
        };
        let fault = FaultEvent {
            at: Moment(7),
            what: "something".to_owned(),
        };
        for (name, event) in [
            ("a.jsonl", Event::Monitored(line(2))),
            ("b.jsonl", Event::Monitored(line(1))),
            ("c.jsonl", Event::Fault(fault.clone())),
        ] {
            let recorder = Recorder::create(&folder.path().join(name)).expect("it must begin");
            recorder.write(&event);
            recorder.flush().expect("it must be written");
        }

        let (loaded, history) = load(folder.path()).expect("it must be read");

        assert_eq!(loaded, plan);
        assert_eq!(history.limits, plan.limits);
        assert_eq!(history.monitored, [line(1), line(2)]);
        assert_eq!(history.faults, [fault]);
    }
}
