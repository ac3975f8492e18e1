//! Executes a case step by step.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value as Json, json};

use super::case::{Call, Case, Coherence, List, Open, OpenDict, Step, StoreStep};
use super::fit::{error_fits, value_fits};
use super::host::World;
use super::json::{bytes, exactly, integer, of_bytes, text, texts};
use super::path::{Handle, Opened, Returned};

/// Runs a case. The error names the step that failed, and how.
pub(crate) fn run(case: &Case, world: &World) -> Result<()> {
    let mut run = Run {
        handles: HashMap::new(),
        world,
    };
    for (at, step) in case.steps.iter().enumerate() {
        let taken = run.take(step);
        taken.with_context(|| format!("step {}", at + 1))?;
    }
    Ok(())
}

struct Run<'a> {
    handles: HashMap<&'a str, Box<dyn Handle>>,
    world: &'a World,
}

impl<'a> Run<'a> {
    fn take(&mut self, step: &'a Step) -> Result<()> {
        match step {
            Step::Open(step) => self.open(step),
            Step::OpenDict(step) => self.open_dict(step),
            Step::Call(step) => self.call(step),
            Step::List(step) => self.list(step),
            Step::Coherence(step) => self.coherence(step),
            Step::Store(step) => self.store(step),
            Step::Wait(step) => {
                let wait = self.world.wait.as_ref();
                let wait = wait.context("the case needs `clock`, but does not declare it")?;
                wait(Duration::from_millis(step.wait_ms));
                Ok(())
            }
            Step::Fail(step) => {
                let error = step.fail.as_ref().unwrap_or(&Json::Null);
                let recorder = self.world.recorder.as_ref();
                let recorder =
                    recorder.context("the case needs `faults`, but does not declare it")?;
                recorder.fail(error, step.though_done)
            }
        }
    }

    fn open(&mut self, step: &'a Open) -> Result<()> {
        let resilience = step.resilience.as_ref();
        let opened = self
            .world
            .path
            .open(&step.name, &step.options, resilience)?;
        self.name(&step.open, opened, step.error.as_ref())?;
        self.check_calls(&step.expect_calls)
    }

    fn open_dict(&mut self, step: &'a OpenDict) -> Result<()> {
        let opened = self.world.path.open_dict(&step.order, step.max_items)?;
        self.name(&step.open_dict, opened, step.error.as_ref())?;
        self.check_calls(&[])
    }

    fn name(&mut self, name: &'a str, opened: Opened, error: Option<&Json>) -> Result<()> {
        let returned = opened.map(|handle| {
            self.handles.insert(name, handle);
            Json::Null
        });
        check(&returned, None, error)
    }

    fn handle(&self, name: &str) -> Result<&dyn Handle> {
        let handle = self.handles.get(name);
        Ok(&**handle.with_context(|| format!("there is no handle {name}"))?)
    }

    fn call(&mut self, step: &Call) -> Result<()> {
        let (handle, method) = step.call.split_once('.').context("no method")?;
        let returned = self.handle(handle)?.call(method, &step.with)?;
        check(&returned, step.returns.as_ref(), step.error.as_ref())?;
        self.check_calls(&step.expect_calls)
    }

    fn list(&mut self, step: &List) -> Result<()> {
        let cache = self.handle(&step.list)?;
        let mut listed = Vec::new();
        let mut cursor = Json::Null;
        loop {
            let page = cache.call("keys", &[cursor, json!(step.limit)])?;
            let page = page.map_err(|error| anyhow!("returned the error {error}"))?;
            listed.extend(texts(&page["keys"])?);
            cursor = page["cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        listed.sort();
        listed.dedup();
        self.take_calls();
        ensure!(
            listed == step.returns,
            "listed {listed:?}, expected {:?}",
            step.returns
        );
        Ok(())
    }

    fn coherence(&mut self, step: &Coherence) -> Result<()> {
        self.world.path.coherence(&step.coherence, &step.with)?;
        self.check_calls(&step.expect_calls)
    }

    fn store(&mut self, step: &StoreStep) -> Result<()> {
        let client = self.world.other_client.as_ref();
        let client = client.context("the case needs `external-writes`, but does not declare it")?;
        match step.store.as_str() {
            "set" => {
                let [key, value, ttl] = exactly(&step.with)?;
                let ttl = (!ttl.is_null()).then(|| integer(ttl)).transpose()?;
                let ttl = ttl.map(Duration::from_millis);
                client.set(text(key)?, &bytes(value)?, ttl);
            }
            "delete" => {
                let [key] = exactly(&step.with)?;
                client.delete(text(key)?);
            }
            "get" => {
                let [key] = exactly(&step.with)?;
                let held = client.get(text(key)?).as_deref().map(of_bytes);
                check(&Ok(held.into()), step.returns.as_ref(), None)?;
            }
            "spoil" => {
                let [key] = exactly(&step.with)?;
                client.spoil(text(key)?);
            }
            other => bail!("there is no store operation {other}"),
        }
        Ok(())
    }

    /// Compares the calls of the import since the last step.
    fn check_calls(&self, expected: &[Json]) -> Result<()> {
        let calls = self.take_calls();
        ensure!(
            !self.world.compares_calls || calls == expected,
            "called {}, expected {}",
            json!(calls),
            json!(expected)
        );
        Ok(())
    }

    fn take_calls(&self) -> Vec<Json> {
        let recorder = self.world.recorder.as_ref();
        recorder
            .map(|recorder| recorder.take_calls())
            .unwrap_or_default()
    }
}

fn check(returned: &Returned, expected: Option<&Json>, error: Option<&Json>) -> Result<()> {
    match (returned, expected, error) {
        (Ok(_), None, None) => Ok(()),
        (Ok(value), Some(expected), None) => {
            let fits = value_fits(expected, value);
            ensure!(fits, "returned {value}, expected {expected}");
            Ok(())
        }
        (Err(actual), None, Some(expected)) => {
            let fits = error_fits(expected, actual);
            ensure!(
                fits,
                "returned the error {actual}, expected the error {expected}"
            );
            Ok(())
        }
        (Ok(value), _, Some(expected)) => {
            bail!("returned {value}, expected the error {expected}")
        }
        (Err(actual), _, _) => bail!("returned the error {actual}"),
    }
}
