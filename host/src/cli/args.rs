//! What can be asked for on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::app::{RUN_HELP, RunOptions, SERVE_HELP, ServeOptions};
use super::bench::BenchOptions;
use super::code_cache::CodeCachePlace;
use super::command::{Given, KIND, LIKENESS};
use super::engine::Engine;
use super::key_command::KeyCommand;
use super::shell::SHELL_HELP;
use super::text::parse_seconds;

/// A cache in two tiers: a small one in a WebAssembly component, in front of Redis.
#[derive(Debug, Parser)]
#[command(name = "flipcache", version, about, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 absent or not as expected, 2 usage, 3 the backend or the output failed, \
                        4 bad key or value.\nLogs go to standard error; FLIPCACHE_LOG=debug shows more."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalOptions,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[command(flatten)]
    Key(KeyCommand),
    /// Takes commands line by line, in one process, so that the local tier lives from line to line
    #[command(after_help = SHELL_HELP)]
    Shell,
    /// Runs every example of FlipCache's README; in memory, unless a backend is named
    Demo,
    /// Measures reads and writes with the cache and without, in a temporary file, unless a backend is named
    Bench(BenchOptions),
    /// Runs an application: a wasi:cli command that imports the cache or wasi:keyvalue, or has the cache composed in
    #[command(after_help = RUN_HELP)]
    Run(RunOptions),
    /// Serves an application over HTTP: a wasi:http proxy that imports the cache or wasi:keyvalue, or has the cache
    /// composed in
    #[command(after_help = SERVE_HELP)]
    Serve(ServeOptions),
    /// Writes the cache component, or one that adapts it, for composition elsewhere
    Component {
        /// The file to write; standard output if there is none
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// An adapter in the place of the cache
        #[arg(long, value_enum)]
        adapter: Option<Adapter>,
    },
    /// Writes a completion script
    Completions {
        /// The shell that it is for
        shell: Shell,
    },
    /// Writes the manual page
    Man,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalOptions {
    /// The shared tier: redis://HOST, rediss://HOST, redis+sentinel://HOST,HOST/SERVICE,
    /// redis+cluster://HOST,HOST, redis+unix:///PATH, sqlite:PATH or memory:
    /// [default: an SQLite file in the user's data directory]
    // Taken as text: an error of the parser would show it, password and all.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "FLIPCACHE_BACKEND",
        hide_env_values = true
    )]
    pub(crate) backend: Option<String>,
    /// How long one round trip to the backend may take; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "5")]
    pub(crate) deadline: Duration,
    /// Whether the local tier is told what others write to the backend
    /// [default: where the backend can tell]
    #[arg(long, global = true, value_enum)]
    pub(crate) coherence: Option<Coherence>,
    /// How long the local tier goes on answering while the backend is silent; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "2")]
    pub(crate) staleness_bound: Duration,
    /// So many failures of the backend in a row, and it is left alone for a while: calls fail at once
    #[arg(long, global = true, value_name = "FAILURES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) breaker: Option<u32>,
    /// How long it is left alone before one call may try; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "1")]
    pub(crate) breaker_pause: Duration,
    /// Root certificates (PEM) that are trusted for rediss:// instead of the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// The certificate (PEM) for a server that asks its clients for one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key (PEM) of --tls-cert
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Serves metrics at http://ADDRESS/metrics while the program runs; port 0 for any that is free
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) metrics: Option<SocketAddr>,
    /// The cache's name: its keys stand in the backend as NAME:KEY
    #[arg(long, global = true, default_value = "default")]
    pub(crate) name: String,
    /// Entries that the local tier holds; 0 for no local tier
    #[arg(long, global = true, value_name = "N", default_value_t = 100)]
    pub(crate) local_max: u32,
    /// Bytes of keys and values that the local tier holds
    #[arg(long, global = true, value_name = "N")]
    pub(crate) local_max_bytes: Option<u64>,
    /// Which entry leaves a full local tier first
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) eviction: Eviction,
    /// Time to live of entries; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, allow_negative_numbers = true)]
    pub(crate) ttl: Option<Duration>,
    /// A read starts an entry's time to live anew
    #[arg(long, global = true)]
    pub(crate) refresh_ttl: bool,
    /// How long an entry may still answer, marked stale, while the backend fails; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) stale_on_error: Option<Duration>,
    /// How long it is remembered that the backend has nothing for a key; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) absent_ttl: Option<Duration>,
    /// Each time to live is shortened by a random part of at most so many percent, up to 50
    #[arg(long, global = true, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=50), default_value_t = 0)]
    pub(crate) ttl_jitter: u8,
    /// What keys are
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) key_type: KeyType,
    /// What values are
    #[arg(long = "type", global = true, value_enum, default_value_t)]
    pub(crate) value_type: ValueType,
    /// What a read of an absent key answers
    #[arg(
        long,
        global = true,
        value_name = "VALUE",
        allow_negative_numbers = true
    )]
    pub(crate) default: Option<String>,
    /// A read that answers the default also stores it
    #[arg(long, global = true, requires = "default")]
    pub(crate) store_default: bool,
    /// How the cache runs; results are the same
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) engine: Engine,
    /// Where compiled code is kept for the next start, or `off`. It is run as it is: the directory must be yours, and
    /// nobody else may write to it
    /// [default: flipcache/code in the user's cache directory]
    #[arg(
        long,
        global = true,
        value_name = "DIRECTORY",
        env = "FLIPCACHE_CODE_CACHE"
    )]
    pub(crate) code_cache: Option<CodeCachePlace>,
    /// One JSON object per answer
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The options that were given.
    #[arg(skip)]
    pub(crate) given: Given,
}

impl GlobalOptions {
    /// The first option given that says what a cache of the command line is like, for commands that
    /// have none. Not `--eviction`.
    pub(crate) fn option_of_a_cache(&self) -> Option<String> {
        let kind = self.option_of_a_kind();
        kind.or_else(|| self.given.first_of(LIKENESS))
    }

    /// The first option given that says which cache it is, and of what.
    pub(crate) fn option_of_a_kind(&self) -> Option<String> {
        self.given.first_of(KIND)
    }
}

/// A component between the cache and another interface.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Adapter {
    /// For applications: serves wasi:keyvalue of both drafts by the cache
    WasiKeyvalueProvider,
    /// For hosts: serves the cache's import by their wasi:keyvalue@0.2.0-draft (wasmtime, wasmCloud)
    WasiKeyvalueBackend,
    /// For hosts: serves the cache's import by their wasi:keyvalue@0.2.0-draft2 (Spin)
    WasiKeyvalueBackendDraft2,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Coherence {
    /// It is; while the backend does not tell, the local tier answers nothing
    Tracking,
    /// It is not: what others write is seen when an entry's time to live is over
    Off,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Eviction {
    /// The one that entered first
    #[default]
    Fifo,
    /// The one not used for longest
    Lru,
    /// FIFO queues with a second chance and a memory of what left; most hits for most workloads
    #[value(name = "s3-fifo")]
    S3Fifo,
}

impl From<Eviction> for flipcache::Eviction {
    fn from(eviction: Eviction) -> Self {
        match eviction {
            Eviction::Fifo => Self::Fifo,
            Eviction::Lru => Self::Lru,
            Eviction::S3Fifo => Self::S3Fifo,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum KeyType {
    #[default]
    Text,
    /// Decimal integers of 64 bits
    Integer,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum ValueType {
    #[default]
    Text,
    Integer,
    Float,
    Boolean,
    Json,
    Bytes,
}
