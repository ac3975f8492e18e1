//! A case, step by step.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use flipcache::{Error, backend::describe};
use serde_json::{Value as Json, json};

use super::call;
use super::case::{Beside, Call, Case, List, Open, OpenDict, Step, Tell};
use super::fit::{answer_fits, error_fits};
use super::host::{Store, Way};
use super::path::{Cache, Dict, Path};
use super::seen::Seen;
use super::words::{bytes, exactly, integer, of_bytes, of_error, options, order, resilience, text};

/// Runs a case; the error says which step came out otherwise, and how.
pub(crate) fn run(case: &Case, way: Way, store: &Store) -> Result<()> {
    let seen = Seen::over(store.backend.clone());
    let path = way.start(seen.clone(), store.clock.as_ref());
    let mut world = World {
        way,
        store,
        seen,
        path,
        caches: HashMap::new(),
        dicts: HashMap::new(),
    };
    for (at, step) in case.steps.iter().enumerate() {
        let taken = world.take(step);
        taken.with_context(|| format!("step {}", at + 1))?;
    }
    Ok(())
}

struct World<'a> {
    way: Way,
    store: &'a Store,
    seen: Arc<Seen>,
    // Caches and dictionaries are dropped before their instance.
    caches: HashMap<&'a str, Box<dyn Cache>>,
    dicts: HashMap<&'a str, Box<dyn Dict>>,
    path: Box<dyn Path>,
}

impl<'a> World<'a> {
    fn take(&mut self, step: &'a Step) -> Result<()> {
        match step {
            Step::Open(step) => self.open(step),
            Step::OpenDict(step) => self.open_dict(step),
            Step::Call(step) => self.call(step),
            Step::List(step) => self.list(step),
            Step::Tell(step) => self.tell(step),
            Step::Store(step) => self.beside(step),
            Step::Wait(step) => {
                let clock = self.store.clock.as_ref();
                let clock = clock.context("the case needs `clock`, and does not say so")?;
                clock.advance(Duration::from_millis(step.wait_ms));
                Ok(())
            }
            Step::Fail(step) => {
                let error = step.fail.as_ref().unwrap_or(&Json::Null);
                self.seen.fail(error, step.though_done)
            }
        }
    }

    fn open(&mut self, step: &'a Open) -> Result<()> {
        let with = step.resilience.as_ref().map(resilience).transpose()?;
        let opened = self.path.open(
            &step.name,
            options(&step.options)?,
            with.unwrap_or_default(),
        );
        let answer = opened.map(|cache| {
            self.caches.insert(&step.open, cache);
            Json::Null
        });
        check(&answer, None, step.error.as_ref())?;
        self.check_asked(&step.asks)
    }

    fn open_dict(&mut self, step: &'a OpenDict) -> Result<()> {
        let opened = self.path.open_dict(order(&step.order)?, step.max_items);
        let answer = opened.map(|dict| {
            self.dicts.insert(&step.open_dict, dict);
            Json::Null
        });
        check(&answer, None, step.error.as_ref())?;
        self.check_asked(&[])
    }

    fn call(&mut self, step: &Call) -> Result<()> {
        let (handle, method) = step.call.split_once('.').context("no method")?;
        let answer = match (self.caches.get(handle), self.dicts.get(handle)) {
            (Some(cache), None) => call::cache(&**cache, method, &step.with)?,
            (None, Some(dict)) => call::dict(&**dict, method, &step.with)?,
            _ => bail!("there is no one handle {handle}"),
        };
        check(&answer, step.answer.as_ref(), step.error.as_ref())?;
        self.check_asked(&step.asks)
    }

    fn list(&mut self, step: &List) -> Result<()> {
        let cache = self
            .caches
            .get(step.list.as_str())
            .context("no such cache")?;
        let mut listed = Vec::new();
        let mut cursor = None;
        loop {
            let page = cache.keys(cursor.as_deref(), step.limit)?;
            listed.extend(page.keys);
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        listed.sort();
        listed.dedup();
        self.seen.take_calls();
        ensure!(
            listed == step.answer,
            "listed {listed:?}, expected {:?}",
            step.answer
        );
        Ok(())
    }

    fn tell(&mut self, step: &Tell) -> Result<()> {
        let coherence = self.path.coherence();
        let coherence = coherence.context("the case needs `coherence`, and does not say so")?;
        call::tell(coherence, &step.tell, &step.with)?;
        self.check_asked(&step.asks)
    }

    fn beside(&mut self, step: &Beside) -> Result<()> {
        let beside = &self.store.beside;
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
        let asked = self.seen.take_calls();
        if self.way.shows_calls() {
            ensure!(
                asked == expected,
                "asked {}, expected {}",
                json!(asked),
                json!(expected)
            );
        }
        Ok(())
    }
}

fn check(
    answer: &Result<Json, Error>,
    expected: Option<&Json>,
    error: Option<&Json>,
) -> Result<()> {
    match (answer, expected, error) {
        (Ok(_), None, None) => Ok(()),
        (Ok(answer), Some(expected), None) => {
            let fits = answer_fits(expected, answer);
            ensure!(fits, "answered {answer}, expected {expected}");
            Ok(())
        }
        (Err(answer), None, Some(expected)) => {
            let words = describe(answer);
            let answer = of_error(answer)?;
            let fits = error_fits(expected, &answer);
            ensure!(
                fits,
                "answered the error {answer} ({words}), expected the error {expected}"
            );
            Ok(())
        }
        (Ok(answer), _, Some(expected)) => {
            bail!("answered {answer}, expected the error {expected}")
        }
        (Err(answer), _, _) => bail!("answered the error: {}", describe(answer)),
    }
}
