//! A case, step by step.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde_json::{Value as Json, json};

use super::case::{Beside, Call, Case, List, Open, OpenDict, Step, Tell};
use super::fit::{answer_fits, error_fits};
use super::host::World;
use super::path::{Answer, Handle, Opened};
use super::words::{bytes, exactly, integer, of_bytes, text, texts};

/// Runs a case; the error says which step came out otherwise, and how.
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
            Step::Tell(step) => self.tell(step),
            Step::Store(step) => self.beside(step),
            Step::Wait(step) => {
                let wait = self.world.wait.as_ref();
                let wait = wait.context("the case needs `clock`, and does not say so")?;
                wait(Duration::from_millis(step.wait_ms));
                Ok(())
            }
            Step::Fail(step) => {
                let error = step.fail.as_ref().unwrap_or(&Json::Null);
                let seen = self.world.seen.as_ref();
                let seen = seen.context("the case needs `faults`, and does not say so")?;
                seen.fail(error, step.though_done)
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
        self.check_asked(&step.asks)
    }

    fn open_dict(&mut self, step: &'a OpenDict) -> Result<()> {
        let opened = self.world.path.open_dict(&step.order, step.max_items)?;
        self.name(&step.open_dict, opened, step.error.as_ref())?;
        self.check_asked(&[])
    }

    fn name(&mut self, name: &'a str, opened: Opened, error: Option<&Json>) -> Result<()> {
        let answer = opened.map(|handle| {
            self.handles.insert(name, handle);
            Json::Null
        });
        check(&answer, None, error)
    }

    fn handle(&self, name: &str) -> Result<&dyn Handle> {
        let handle = self.handles.get(name);
        Ok(&**handle.with_context(|| format!("there is no handle {name}"))?)
    }

    fn call(&mut self, step: &Call) -> Result<()> {
        let (handle, method) = step.call.split_once('.').context("no method")?;
        let answer = self.handle(handle)?.call(method, &step.with)?;
        check(&answer, step.answer.as_ref(), step.error.as_ref())?;
        self.check_asked(&step.asks)
    }

    fn list(&mut self, step: &List) -> Result<()> {
        let cache = self.handle(&step.list)?;
        let mut listed = Vec::new();
        let mut cursor = Json::Null;
        loop {
            let page = cache.call("keys", &[cursor, json!(step.limit)])?;
            let page = page.map_err(|error| anyhow!("answered the error {error}"))?;
            listed.extend(texts(&page["keys"])?);
            cursor = page["cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
        listed.sort();
        listed.dedup();
        self.asked();
        ensure!(
            listed == step.answer,
            "listed {listed:?}, expected {:?}",
            step.answer
        );
        Ok(())
    }

    fn tell(&mut self, step: &Tell) -> Result<()> {
        self.world.path.tell(&step.tell, &step.with)?;
        self.check_asked(&step.asks)
    }

    fn beside(&mut self, step: &Beside) -> Result<()> {
        let beside = self.world.beside.as_ref();
        let beside = beside.context("the case needs `foreign`, and does not say so")?;
        match step.store.as_str() {
            "set" => {
                let [key, value, ttl] = exactly(&step.with)?;
                let ttl = (!ttl.is_null()).then(|| integer(ttl)).transpose()?;
                let ttl = ttl.map(Duration::from_millis);
                beside.set(text(key)?, &bytes(value)?, ttl);
            }
            "delete" => {
                let [key] = exactly(&step.with)?;
                beside.delete(text(key)?);
            }
            "get" => {
                let [key] = exactly(&step.with)?;
                let held = beside.get(text(key)?).as_deref().map(of_bytes);
                check(&Ok(held.into()), step.answer.as_ref(), None)?;
            }
            "spoil" => {
                let [key] = exactly(&step.with)?;
                beside.spoil(text(key)?);
            }
            other => bail!("a store does not {other}"),
        }
        Ok(())
    }

    /// Compares what has arrived at the store meanwhile.
    fn check_asked(&self, expected: &[Json]) -> Result<()> {
        let asked = self.asked();
        ensure!(
            !self.world.shows_calls || asked == expected,
            "asked {}, expected {}",
            json!(asked),
            json!(expected)
        );
        Ok(())
    }

    fn asked(&self) -> Vec<Json> {
        let seen = self.world.seen.as_ref();
        seen.map(|seen| seen.take_calls()).unwrap_or_default()
    }
}

fn check(answer: &Answer, expected: Option<&Json>, error: Option<&Json>) -> Result<()> {
    match (answer, expected, error) {
        (Ok(_), None, None) => Ok(()),
        (Ok(answer), Some(expected), None) => {
            let fits = answer_fits(expected, answer);
            ensure!(fits, "answered {answer}, expected {expected}");
            Ok(())
        }
        (Err(answer), None, Some(expected)) => {
            let fits = error_fits(expected, answer);
            ensure!(
                fits,
                "answered the error {answer}, expected the error {expected}"
            );
            Ok(())
        }
        (Ok(answer), _, Some(expected)) => {
            bail!("answered {answer}, expected the error {expected}")
        }
        (Err(answer), _, _) => bail!("answered the error {answer}"),
    }
}
