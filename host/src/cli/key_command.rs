//! What can be done with a cache, on the command line and in a line of the shell.

use std::io::Read;
use std::time::Duration;

use anyhow::Context;
use clap::Subcommand;
use flipcache::{Expiry, Found, Value};

use super::engine::Cache;
use super::failure::Failure;
use super::output::{Body, KeyForm, Outcome};
use super::text::{parse_seconds, parse_value};

/// Keys that one page of `keys` asks for.
const PAGE: u32 = 1_000;

/// A verb and its words.
#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Answers a key's value; nothing if it is absent
    Get {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: String,
    },
    /// Writes a value; `-` reads it from standard input, as it is
    Set {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: String,
        /// The value, as the cache's type is written
        #[arg(allow_negative_numbers = true)]
        value: String,
        /// This entry's time to live, instead of the cache's
        // It takes the place of the option of every command, so that either stands where it likes.
        #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, allow_negative_numbers = true)]
        ttl: Option<Duration>,
        /// What standard input held
        #[arg(skip)]
        input: Option<Vec<u8>>,
    },
    /// Deletes keys; answers how many there were
    Del {
        /// The keys
        #[arg(required = true, value_name = "KEY", allow_negative_numbers = true)]
        keys: Vec<String>,
    },
    /// Answers whether a key is there
    Exists {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: String,
    },
    /// Lists the cache's keys in the backend
    Keys {
        #[command(flatten)]
        form: KeyForm,
    },
    /// Counts the cache's keys in the backend
    Len,
    /// Deletes every key of the cache; answers how many
    Clear,
    /// Marks an entry as used and starts its time to live anew
    Refresh {
        /// The key
        #[arg(allow_negative_numbers = true)]
        key: String,
    },
    /// Answers several values, in the order asked for
    Mget {
        /// The keys
        #[arg(required = true, value_name = "KEY", allow_negative_numbers = true)]
        keys: Vec<String>,
    },
    /// Writes several values
    Mset {
        /// Keys and values in turn
        #[arg(required = true, num_args = 2.., value_names = ["KEY", "VALUE"], allow_negative_numbers = true)]
        entries: Vec<String>,
    },
    /// Shows what the cache has done in this process
    Stats,
}

impl KeyCommand {
    /// Reads standard input where the words say so.
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

/// All keys, each once though pages repeat them, in order.
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

/// Keys and values in turn.
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
