//! Commands on a cache, the same on the command line and in a line of the shell.

use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use flipcache::{Expiry, Found, Value};

use super::engine::Cache;
use super::failure::Failure;
use super::output::{Body, KeyForm, Outcome};
use super::text::{parse_seconds, parse_value};

/// The page size of `keys`.
const PAGE: u32 = 1_000;

/// A command and its arguments.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Print the value of a key; nothing if it is absent
    Get {
        /// Key
        #[arg(allow_negative_numbers = true)]
        key: String,
    },
    /// Write a value; `-` reads it from standard input, byte for byte
    Set {
        /// Key
        #[arg(allow_negative_numbers = true)]
        key: String,
        /// Value, in the form of the cache's type
        #[arg(allow_negative_numbers = true)]
        value: String,
        /// Time to live of this entry, instead of the cache's
        // Shadows the global option, so that it may come before or after the command.
        #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, allow_negative_numbers = true)]
        ttl: Option<Duration>,
        /// The content of standard input.
        #[arg(skip)]
        input: Option<Vec<u8>>,
    },
    /// Delete keys; print how many there were
    Del {
        /// Keys
        #[arg(required = true, value_name = "KEY", allow_negative_numbers = true)]
        keys: Vec<String>,
    },
    /// Print whether a key is present
    Exists {
        /// Key
        #[arg(allow_negative_numbers = true)]
        key: String,
    },
    /// List the cache's keys in the backend
    Keys {
        #[command(flatten)]
        form: KeyForm,
    },
    /// Count the cache's keys in the backend
    Len,
    /// Delete every key of the cache; print how many there were
    Clear,
    /// Mark an entry as used and restart its time to live
    Refresh {
        /// Key
        #[arg(allow_negative_numbers = true)]
        key: String,
    },
    /// Print several values, in the order of the keys
    Mget {
        /// Keys
        #[arg(required = true, value_name = "KEY", allow_negative_numbers = true)]
        keys: Vec<String>,
    },
    /// Write several values
    Mset {
        /// Alternating keys and values
        #[arg(required = true, num_args = 2.., value_names = ["KEY", "VALUE"], allow_negative_numbers = true)]
        entries: Vec<String>,
    },
    /// Print the counters of the cache in this process
    Stats,
}

impl KeyCommand {
    /// Reads standard input if the arguments say so.
    pub(crate) fn with_standard_input(mut self, mut stdin: impl Read) -> Result<Self, Failure> {
        if let Self::Set { value, input, .. } = &mut self
            && value == "-"
        {
            let read = stdin.read_to_end(input.insert(Vec::new()));
            read.context("cannot read standard input")
                .map_err(Failure::Other)?;
        }
        Ok(self)
    }

    pub(crate) fn run(self, cache: &Cache) -> Result<Outcome, Failure> {
        Ok(match self {
            Self::Get { key } => {
                let Found { value, source } = cache.get(&key)?;
                Outcome {
                    body: Body::Value(value),
                    source,
                }
            }
            Self::Set {
                key,
                value,
                ttl,
                input,
            } => {
                let value = input.unwrap_or_else(|| value.into_bytes());
                let value = parse_value(value, cache.options().value_type)?;
                cache.set(&key, value, ttl.map_or(Expiry::Inherit, Expiry::After))?;
                Outcome::DONE
            }
            Self::Del { keys } => Outcome::backend(Body::Deleted(cache.delete(&keys)?)),
            Self::Exists { key } => {
                let is_local = cache.local_get(&key)?.is_some();
                let body = Body::Truth(cache.contains(&key)?);
                if is_local {
                    Outcome::local(body)
                } else {
                    Outcome::backend(body)
                }
            }
            Self::Keys { form } => Outcome::backend(Body::Keys(keys(cache)?, form)),
            Self::Len => Outcome::backend(Body::Count(cache.len()?)),
            Self::Clear => Outcome::backend(Body::Count(cache.clear()?)),
            Self::Refresh { key } => Outcome::backend(Body::Truth(cache.refresh(&key)?)),
            Self::Mget { keys } => {
                let (values, source) = cache.get_many(&keys)?;
                Outcome {
                    body: Body::Values(values),
                    source,
                }
            }
            Self::Mset { entries } => {
                set_many(cache, entries)?;
                Outcome::DONE
            }
            Self::Stats => Outcome::local(Body::Stats(cache.stats()?, cache.backend_state())),
        })
    }
}

/// Returns all keys in order, each once even if pages repeat it.
fn keys(cache: &Cache) -> Result<Vec<String>, Failure> {
    let mut keys = std::collections::BTreeSet::new();
    let mut cursor = None;
    loop {
        let page = cache.keys(cursor.as_deref(), PAGE)?;
        keys.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            return Ok(keys.into_iter().collect());
        }
    }
}

fn set_many(cache: &Cache, words: Vec<String>) -> Result<(), Failure> {
    let value_type = cache.options().value_type;
    let entries = pairs(words, |text| parse_value(text.into_bytes(), value_type))?;
    cache.set_many(entries, Expiry::Inherit)
}

/// Pairs up alternating keys and values.
pub(crate) fn pairs(
    words: Vec<String>,
    parse: impl Fn(String) -> Result<Value, Failure>,
) -> Result<Vec<(String, Value)>, Failure> {
    let mut pairs = Vec::with_capacity(words.len() / 2);
    let mut words = words.into_iter();
    while let Some(key) = words.next() {
        let no_value = || Failure::Usage(format!("key {key:?} has no value"));
        let value = parse(words.next().ok_or_else(no_value)?)?;
        pairs.push((key, value));
    }
    Ok(pairs)
}
