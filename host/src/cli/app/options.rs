//! What can be asked of the commands that run applications.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, value_parser};
use flipcache::app::{Grant, MAX_TENANT_BYTES, Tenant};

use crate::cli::args::GlobalOptions;
use crate::cli::command::{ENGINE, EVICTION};
use crate::cli::failure::Failure;
use crate::cli::options::{cache_options, resilience};
use crate::cli::text::parse_seconds;

/// What `flipcache run --help` ends with.
pub(crate) const RUN_HELP: &str = "The application has the streams of this program, the arguments, what --env says, and \
the cache; no files, no network. Its keys stand in the backend as TENANT:NAME:KEY.\n\n\
If it asks for wasi:keyvalue, its buckets are caches, and options like --ttl say what these are like.\n\n\
Exit codes: the application's own; 2 the file is no such application, 3 the backend failed, \
124 out of time, 134 it trapped.";

/// What `flipcache serve --help` ends with.
pub(crate) const SERVE_HELP: &str = "Each request has an instance of its own; the cache behind them lives on. An instance has \
what --env says and the cache; no files, no network. What it prints goes to standard error. If it asks for \
wasi:keyvalue, its buckets are caches, and options like --ttl say what these are like.\n\n\
Replied without the application: 400 no host, 413 body too large, 431 more than 64 KiB or 100 fields of head, \
500 it failed, 503 too many requests, 504 out of time.\nA client has 10 seconds for its first byte, for a head, and for \
each part of a body.\nSIGINT and SIGTERM let requests in flight finish, for 10 seconds at most.";

/// Words of the command `run`.
#[derive(Args, Debug)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(super) app: AppOptions,
    /// How long it may run; fractions are allowed [default: as long as it likes]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(super) timeout: Option<Duration>,
    /// The application, and arguments for it; options of flipcache stand before
    // One list, so that words after the file that look like options are the application's.
    #[arg(value_names = ["APP.wasm", "ARGS"], required = true, num_args = 1.., trailing_var_arg = true)]
    words: Vec<String>,
}

impl RunOptions {
    pub(super) fn file(&self) -> &Path {
        self.words.first().map_or(Path::new(""), Path::new)
    }

    /// What the application sees as its arguments: first the name of its file.
    pub(super) fn arguments(&self) -> Vec<String> {
        let name = self.file().file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let rest = self.words.iter().skip(1).cloned();
        [name].into_iter().chain(rest).collect()
    }
}

/// Words of the command `serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    /// The application
    #[arg(value_name = "APP.wasm")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) app: AppOptions,
    /// Where to listen; port 0 for any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(super) addr: SocketAddr,
    /// How long an instance may work on one request; fractions are allowed
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(super) timeout: Duration,
    /// Requests that are worked on at once; others wait a little
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = value_parser!(u32).range(1..=4_096))]
    pub(super) max_concurrency: u32,
    /// Bytes that the body of a request may have
    #[arg(long, value_name = "BYTES", default_value = "16MiB")]
    pub(super) max_body: ByteSize,
}

/// Bytes of values that one call of the cache may return, unless one value may have more.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// What both commands can be asked for.
#[derive(Args, Debug)]
pub(crate) struct AppOptions {
    /// Under whose name the application's caches stand [default: the file's name, without .wasm]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// How many different caches the application may open
    #[arg(long, value_name = "N", default_value_t = 16)]
    max_names: usize,
    /// Bytes that all dictionaries of one instance may hold
    #[arg(long, value_name = "BYTES", default_value = "16MiB")]
    dict_bytes: ByteSize,
    /// Bytes that a value may have that the application writes to a cache
    #[arg(long, value_name = "BYTES", default_value = "1MiB")]
    max_value_bytes: ByteSize,
    /// A variable for the application's environment, which is empty otherwise; may be repeated
    #[arg(long, value_name = "K=V", value_parser = parse_variable)]
    pub(super) env: Vec<(String, String)>,
    /// Bytes of memory that one instance may have, as in 128MiB
    #[arg(long, value_name = "BYTES", default_value = "128MiB")]
    pub(super) max_memory: ByteSize,
}

impl AppOptions {
    pub(super) fn max_value_bytes(&self) -> usize {
        usize::try_from(self.max_value_bytes.as_u64()).unwrap_or(usize::MAX)
    }

    /// What the application may do with the cache. One that asks for `wasi:keyvalue` cannot say what its caches are
    /// like; the options of a cache then do.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if the tenant's name is none, or an option would have no effect.
    pub(super) fn grant(
        &self,
        file: &Path,
        global: &GlobalOptions,
        asks_for_keyvalue: bool,
    ) -> Result<Grant, Failure> {
        check(global, asks_for_keyvalue)?;
        let tenant = match &self.tenant {
            Some(name) => Tenant::new(name),
            None => Tenant::new(&tenant_of(file)),
        };
        let tenant = tenant.map_err(|error| Failure::Usage(format!("--tenant: {error}")))?;
        let grant = Grant::builder(tenant)
            .max_names(self.max_names)
            .dict_bytes(self.dict_bytes.as_u64())
            .max_value_bytes(self.max_value_bytes())
            // What may be written can be read.
            .max_answer_bytes(MAX_ANSWER_BYTES.max(self.max_value_bytes()));
        if !asks_for_keyvalue {
            return Ok(grant.build());
        }
        let options = cache_options(global)?;
        Ok(grant
            .options(options)
            .resilience(resilience(global))
            .build())
    }
}

/// Refuses what would have no effect.
fn check(global: &GlobalOptions, asks_for_keyvalue: bool) -> Result<(), Failure> {
    let (option, why) = if asks_for_keyvalue {
        (
            global.option_of_a_kind(),
            "that asks for wasi:keyvalue: its buckets are named by itself, and hold bytes",
        )
    } else {
        let cache = global.option_of_a_cache();
        (
            cache.or_else(|| global.given.first_of(EVICTION)),
            "that says itself what its caches are like",
        )
    };
    let path = || {
        global
            .given
            .first_of(ENGINE)
            .zip(Some("which has no such choice"))
    };
    match option.zip(Some(why)).or_else(path) {
        Some((option, why)) => Err(Failure::Usage(format!(
            "{option} has no effect on an application {why}; leave it out"
        ))),
        None => Ok(()),
    }
}

/// A tenant's name for an application that is given none.
fn tenant_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let fit = |c: char| match c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
        true => c,
        false => '-',
    };
    stem.chars().map(fit).take(MAX_TENANT_BYTES).collect()
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable is given as NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tenant_of_a_file_is_always_a_tenant() {
        for (file, expected) in [
            ("dir/word-count.wasm", "word-count"),
            ("a:b c.v2.wasm", "a-b-c.v2"),
            ("größe.wasm", "gr--e"),
        ] {
            assert_eq!(tenant_of(Path::new(file)), expected);
            assert!(Tenant::new(expected).is_ok(), "{expected}");
        }
        let long = tenant_of(Path::new(&"n".repeat(1_000)));
        assert!(Tenant::new(&long).is_ok());
    }

    #[test]
    fn parse_variable_takes_the_first_equals_sign_and_wants_a_name() {
        let parsed = |name: &str, value: &str| Ok((name.to_owned(), value.to_owned()));
        assert_eq!(parse_variable("A=b=c"), parsed("A", "b=c"));
        assert_eq!(parse_variable("A="), parsed("A", ""));
        for text in ["", "A", "=b"] {
            assert!(parse_variable(text).is_err(), "{text:?}");
        }
    }
}
