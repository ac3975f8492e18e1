//! A command that does with its caches what standard input says, a line each, and answers each with
//! a line: so that a test can write past it in between.
//!
//! | line | answer |
//! |---|---|
//! | `open NAME MILLIS` | `done`; the cache asks for changes when it has not for so long |
//! | `get NAME KEY` | the value, or `-`, and where it came from |
//! | `set NAME KEY VALUE` | `done` |
//! | `delete NAME KEY` | `done` |
//! | `get-all NAME COUNT` | `done`, after keys `0`, `1` and so on |
//! | `set-all NAME COUNT VALUE` | `done` |
//!
//! The reply to a line that fails is `failed` and the reason.
#![cfg(target_arch = "wasm32")]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use flipcache_guest::{Cache, Error, Resilience, Source};
use wasip2::cli::{stdin, stdout};

/// Implements the exports of the generated code.
struct Command;

wasip2::cli::command::export!(Command);

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        let mut caches = Caches::default();
        let mut stdout = stdout::get_stdout();
        for line in BufReader::new(stdin::get_stdin()).lines() {
            let words = line.map_err(|_| ())?;
            let words: Vec<&str> = words.split(' ').collect();
            let answer = caches.obey(&words);
            let answer = answer.unwrap_or_else(|error| format!("failed {error}"));
            writeln!(stdout, "{answer}").map_err(|_| ())?;
            Write::flush(&mut stdout).map_err(|_| ())?;
        }
        Ok(())
    }
}

/// Those that are open, by name.
#[derive(Default)]
struct Caches(HashMap<String, Cache>);

impl Caches {
    fn obey(&mut self, words: &[&str]) -> Result<String, Error> {
        if let ["open", name, millis] = words {
            let resilience = Resilience {
                max_staleness: millis.parse().ok().map(Duration::from_millis),
                ..Resilience::default()
            };
            let cache = Cache::builder(name).local_max(100_000);
            let cache = cache.resilience(resilience).open()?;
            self.0.insert((*name).to_owned(), cache);
            return Ok("done".to_owned());
        }
        let cache = words.get(1).and_then(|name| self.0.get(*name));
        let Some(cache) = cache else {
            return Ok("failed: open it first".to_owned());
        };
        match words {
            ["get", _, key] => return told(cache, key),
            ["set", _, key, value] => cache.set(key, value)?,
            ["delete", _, key] => drop(cache.delete(key)?),
            ["get-all", _, count] => {
                for key in keys(count) {
                    cache.get(&key)?;
                }
            }
            ["set-all", _, count, value] => {
                for key in keys(count) {
                    cache.set(&key, value)?;
                }
            }
            _ => return Ok(format!("failed: cannot {words:?}")),
        }
        Ok("done".to_owned())
    }
}

fn keys(count: &str) -> impl Iterator<Item = String> {
    let count: u32 = count.parse().unwrap_or(0);
    (0..count).map(|key| key.to_string())
}

fn told(cache: &Cache, key: &str) -> Result<String, Error> {
    let found = cache.get_detailed(key)?;
    let source = match found.source {
        Source::Local => "local",
        Source::Backend => "backend",
        Source::Default => "default",
        Source::Stale => "stale",
        Source::None => "none",
    };
    Ok(format!(
        "{} {source}",
        found.value.as_deref().unwrap_or("-")
    ))
}
