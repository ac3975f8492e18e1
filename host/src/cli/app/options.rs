//! The options of the commands that run applications.

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

/// The end of `flipcache run --help`.
pub(crate) const RUN_HELP: &str = "\
The application gets this program's streams, the arguments, the variables of --env and the cache; \
no files, no network. The backend stores its keys as TENANT:NAME:KEY.\n\n\
If it imports wasi:keyvalue, its buckets are caches, with options like --ttl.\n\n\
Exit codes: the application's own; 2 not such an application, 3 the backend failed, \
124 timeout, 134 trap.";

/// The end of `flipcache serve --help`.
pub(crate) const SERVE_HELP: &str = "\
Each request gets an instance of its own; all share one cache. An instance gets the variables of \
--env and the cache; no files, no network. Its output goes to standard error. If it imports \
wasi:keyvalue, its buckets are caches, with options like --ttl.\n\n\
Responses of the server itself: 400 no host, 413 body too large, 431 head larger than 64 KiB or \
100 fields, 500 the application failed, 503 too many requests, 504 timeout.\n\
A client has 10 seconds for its first byte, for a head, and for each part of a body.\n\
SIGINT and SIGTERM let requests in flight finish, for 10 seconds at most.";

/// The options of the command `run`.
#[derive(Args, Debug)]
pub(crate) struct RunOptions {
    #[command(flatten)]
    pub(super) app: AppOptions,
    /// How long it may run; fractions are allowed [default: no limit]
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(super) timeout: Option<Duration>,
    /// Application and its arguments; options of flipcache must precede them
    // One list, so that arguments after the file that look like options are the application's.
    #[arg(value_names = ["APP.wasm", "ARGS"], required = true, num_args = 1.., trailing_var_arg = true)]
    words: Vec<String>,
}

impl RunOptions {
    pub(super) fn file(&self) -> &Path {
        self.words.first().map_or(Path::new(""), Path::new)
    }

    /// Returns the application's arguments: first the name of its file.
    pub(super) fn arguments(&self) -> Vec<String> {
        let name = self.file().file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        let rest = self.words.iter().skip(1).cloned();
        [name].into_iter().chain(rest).collect()
    }
}

/// The options of the command `serve`.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    /// Application
    #[arg(value_name = "APP.wasm")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) app: AppOptions,
    /// Address to listen on; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub(super) addr: SocketAddr,
    /// How long an instance may take for one request; fractions are allowed
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = parse_seconds)]
    pub(super) timeout: Duration,
    /// Requests in progress at the same time; others wait a little
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = value_parser!(u32).range(1..=4_096))]
    pub(super) max_concurrency: u32,
    /// Maximum size of a request's body
    #[arg(long, value_name = "BYTES", default_value = "16MiB")]
    pub(super) max_body: ByteSize,
}

/// Bytes of values that one call of the cache may return, unless one value may have more.
const MAX_ANSWER_BYTES: usize = 64 << 20;

/// The options of both commands.
#[derive(Args, Debug)]
pub(crate) struct AppOptions {
    /// Prefix of the application's caches [default: the file's name, without .wasm]
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Maximum number of different caches that the application may open
    #[arg(long, value_name = "N", default_value_t = 16)]
    max_names: usize,
    /// Maximum size of all dictionaries of one instance
    #[arg(long, value_name = "BYTES", default_value = "16MiB")]
    dict_bytes: ByteSize,
    /// Maximum size of a value that the application writes to a cache
    #[arg(long, value_name = "BYTES", default_value = "1MiB")]
    max_value_bytes: ByteSize,
    /// Variable for the application's environment, which is otherwise empty; may be repeated
    #[arg(long, value_name = "K=V", value_parser = parse_variable)]
    pub(super) env: Vec<(String, String)>,
    /// Maximum memory of one instance, as in 128MiB
    #[arg(long, value_name = "BYTES", default_value = "128MiB")]
    pub(super) max_memory: ByteSize,
}

impl AppOptions {
    pub(super) fn max_value_bytes(&self) -> usize {
        usize::try_from(self.max_value_bytes.as_u64()).unwrap_or(usize::MAX)
    }

    /// Returns what the application may do with the cache. An application that imports
    /// `wasi:keyvalue` cannot set the options of its caches, so those of the command line apply.
    ///
    /// # Errors
    ///
    /// [`Failure::Usage`] if the tenant is not valid, or an option would have no effect.
    pub(super) fn grant(
        &self,
        file: &Path,
        global: &GlobalOptions,
        imports_keyvalue: bool,
    ) -> Result<Grant, Failure> {
        check(global, imports_keyvalue)?;
        let tenant = match &self.tenant {
            Some(name) => Tenant::new(name),
            None => Tenant::new(&tenant_of(file)),
        };
        let tenant = tenant.map_err(|error| Failure::Usage(format!("--tenant: {error}")))?;
        let grant = Grant::builder(tenant)
            .max_names(self.max_names)
            .dict_bytes(self.dict_bytes.as_u64())
            .max_value_bytes(self.max_value_bytes())
            // Every value that may be written can be read.
            .max_answer_bytes(MAX_ANSWER_BYTES.max(self.max_value_bytes()));
        if !imports_keyvalue {
            return Ok(grant.build());
        }
        let options = cache_options(global)?;
        Ok(grant
            .options(options)
            .resilience(resilience(global))
            .build())
    }
}

/// Refuses options that would have no effect.
fn check(global: &GlobalOptions, imports_keyvalue: bool) -> Result<(), Failure> {
    let (option, why) = if imports_keyvalue {
        (
            global.option_of_a_kind(),
            "that imports wasi:keyvalue: it names its buckets itself, and they hold bytes",
        )
    } else {
        let cache = global.option_of_a_cache();
        (
            cache.or_else(|| global.given.first_of(EVICTION)),
            "that sets the options of its caches itself",
        )
    };
    let path = || {
        global
            .given
            .first_of(ENGINE)
            .zip(Some("that this program runs: there is only one engine"))
    };
    match option.zip(Some(why)).or_else(path) {
        Some((option, why)) => Err(Failure::Usage(format!(
            "{option} has no effect on an application {why}; leave it out"
        ))),
        None => Ok(()),
    }
}

/// Returns the default tenant of an application.
fn tenant_of(file: &Path) -> String {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    let replaced = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') {
            c
        } else {
            '-'
        }
    };
    stem.chars().map(replaced).take(MAX_TENANT_BYTES).collect()
}

fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a variable must have the form NAME=VALUE".to_owned()),
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
