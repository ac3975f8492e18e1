//! A command that was written for `wasi:keyvalue@0.2.0-draft` and knows nothing of the cache. It
//! does with its buckets what standard input says, a line each, and answers each with a line.
//!
//! | line | answer |
//! |---|---|
//! | `open NAME` | `done`; `open` alone opens the bucket without a name |
//! | `get NAME KEY` | the value, or `-` |
//! | `set NAME KEY VALUE`, `delete NAME KEY` | `done` |
//! | `exists NAME KEY` | `true` or `false` |
//! | `list NAME`, `list NAME CURSOR` | how many keys, the first and the last, and the next cursor or `-` |
//! | `get-many NAME KEY ...` | the values, `-` for those that are absent |
//! | `set-many NAME VALUE KEY ...`, `delete-many NAME KEY ...` | `done` |
//! | `fill NAME COUNT VALUE` | `done`, after keys `0`, `1` and so on were written in one call |
//!
//! The reply to a line that fails is `failed` and the reason.
#![cfg(target_arch = "wasm32")]

mod bindings;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};

use wasip2::cli::{stdin, stdout};

use bindings::wasi::keyvalue::batch;
use bindings::wasi::keyvalue::store::{self, Bucket, Error};

/// Implements the exports of the generated code.
struct Command;

wasip2::cli::command::export!(Command);

impl wasip2::exports::cli::run::Guest for Command {
    fn run() -> Result<(), ()> {
        let mut buckets = Buckets::default();
        let mut stdout = stdout::get_stdout();
        for line in BufReader::new(stdin::get_stdin()).lines() {
            let words = line.map_err(|_| ())?;
            let words: Vec<&str> = words.split(' ').collect();
            let answer = buckets.obey(&words);
            let answer = answer.unwrap_or_else(|error| format!("failed {error:?}"));
            writeln!(stdout, "{answer}").map_err(|_| ())?;
            Write::flush(&mut stdout).map_err(|_| ())?;
        }
        Ok(())
    }
}

/// Those that are open, by name.
#[derive(Default)]
struct Buckets(HashMap<String, Bucket>);

impl Buckets {
    fn obey(&mut self, words: &[&str]) -> Result<String, Error> {
        let name = words.get(1).copied().unwrap_or_default();
        if words[0] == "open" {
            self.0.insert(name.to_owned(), store::open(name)?);
            return Ok("done".to_owned());
        }
        let Some(bucket) = self.0.get(name) else {
            return Ok("failed: open it first".to_owned());
        };
        match words {
            ["get", _, key] => return Ok(told(bucket.get(key)?)),
            ["exists", _, key] => return Ok(bucket.exists(key)?.to_string()),
            ["set", _, key, value] => bucket.set(key, value.as_bytes())?,
            ["delete", _, key] => bucket.delete(key)?,
            ["list", _, cursor @ ..] => return list(bucket, cursor),
            ["get-many", _, keys @ ..] => return get_many(bucket, &owned(keys)),
            ["set-many", _, value, keys @ ..] => set_many(bucket, owned(keys), value)?,
            ["delete-many", _, keys @ ..] => batch::delete_many(bucket, &owned(keys))?,
            ["fill", _, count, value] => {
                let count: u32 = count.parse().unwrap_or(0);
                set_many(
                    bucket,
                    (0..count).map(|key| key.to_string()).collect(),
                    value,
                )?;
            }
            _ => return Ok(format!("failed: cannot {words:?}")),
        }
        Ok("done".to_owned())
    }
}

fn list(bucket: &Bucket, cursor: &[&str]) -> Result<String, Error> {
    let cursor = cursor.first().and_then(|cursor| cursor.parse().ok());
    let page = bucket.list_keys(cursor)?;
    let of = |key: Option<&String>| key.cloned().unwrap_or("-".to_owned());
    let next = page.cursor.map_or("-".to_owned(), |next| next.to_string());
    let (first, last) = (of(page.keys.first()), of(page.keys.last()));
    Ok(format!("{} {first} {last} {next}", page.keys.len()))
}

fn get_many(bucket: &Bucket, keys: &[String]) -> Result<String, Error> {
    let pairs = batch::get_many(bucket, keys)?;
    let values = pairs
        .into_iter()
        .map(|pair| told(pair.map(|(_, value)| value)));
    Ok(values.collect::<Vec<_>>().join(" "))
}

fn set_many(bucket: &Bucket, keys: Vec<String>, value: &str) -> Result<(), Error> {
    let entries = keys.into_iter().map(|key| (key, value.as_bytes().to_vec()));
    batch::set_many(bucket, &entries.collect::<Vec<_>>())
}

fn owned(keys: &[&str]) -> Vec<String> {
    keys.iter().map(|&key| key.to_owned()).collect()
}

fn told(value: Option<Vec<u8>>) -> String {
    value.map_or("-".to_owned(), |value| {
        String::from_utf8_lossy(&value).into_owned()
    })
}
