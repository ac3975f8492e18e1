//! Options and commands of the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::app::{RUN_HELP, RunOptions, SERVE_HELP, ServeOptions};
use super::bench::BenchOptions;
use super::code_cache::CodeCacheLocation;
use super::command::{CACHE_OPTIONS, Given, KIND};
use super::engine::Engine;
use super::key_command::KeyCommand;
use super::shell::SHELL_HELP;
use super::text::parse_seconds;

/// A cache in two tiers: a small one in a WebAssembly component, in front of Redis.
#[derive(Debug, Parser)]
#[command(name = "flipcache", version, about, arg_required_else_help = true)]
#[command(
    after_help = "Exit codes: 0 done, 1 absent or not as expected, 2 usage, 3 backend or output failed, \
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
    /// Run commands line by line in one process, so that the local tier is kept between lines
    #[command(after_help = SHELL_HELP)]
    Shell,
    /// Run every example of FlipCache's README; in memory unless a backend is given
    Demo,
    /// Measure reads and writes with and without the cache; in a temporary file unless a backend is
    /// given
    Bench(BenchOptions),
    /// Run an application: a wasi:cli command that imports the cache or wasi:keyvalue, or has the
    /// cache composed in
    #[command(after_help = RUN_HELP)]
    Run(RunOptions),
    /// Serve an application over HTTP: a wasi:http proxy that imports the cache or wasi:keyvalue,
    /// or has the cache composed in
    #[command(after_help = SERVE_HELP)]
    Serve(ServeOptions),
    /// Write the cache component, or an adapter of it, for composition elsewhere
    Component {
        /// File to write [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Adapter to write instead of the cache
        #[arg(long, value_enum)]
        adapter: Option<Adapter>,
    },
    /// Write a completion script
    Completions {
        /// Shell of the script
        shell: Shell,
    },
    /// Write the manual page
    Man,
}

/// The options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalOptions {
    /// Backend: redis://HOST, rediss://HOST, redis+sentinel://HOST,HOST/SERVICE,
    /// redis+cluster://HOST,HOST, redis+unix:///PATH, sqlite:PATH or memory: [default: an SQLite
    /// file in the user's data directory]
    // Taken as text, because an error of clap's parser would show the URL with its password.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        env = "FLIPCACHE_BACKEND",
        hide_env_values = true
    )]
    pub(crate) backend: Option<String>,
    /// Deadline of one round trip to the backend; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "5")]
    pub(crate) deadline: Duration,
    /// Whether the local tier follows changes by other clients [default: tracking if the backend
    /// supports it]
    #[arg(long, global = true, value_enum)]
    pub(crate) coherence: Option<Coherence>,
    /// How long the local tier keeps serving while the backend is silent; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "2")]
    pub(crate) staleness_bound: Duration,
    /// Open the circuit breaker after this many consecutive backend failures: calls then fail at
    /// once
    #[arg(long, global = true, value_name = "FAILURES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) breaker: Option<u32>,
    /// How long the circuit breaker stays open before it lets one call through; fractions are
    /// allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, default_value = "1")]
    pub(crate) breaker_pause: Duration,
    /// Root certificates (PEM) to trust for rediss:// instead of the system's
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_ca: Option<PathBuf>,
    /// Client certificate (PEM), for servers that require one
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// Private key (PEM) of --tls-cert
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Serve metrics at http://ADDRESS/metrics while the program runs; port 0 picks a free one
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) metrics: Option<SocketAddr>,
    /// Name of the cache; the backend stores its keys as NAME:KEY
    #[arg(long, global = true, default_value = "default")]
    pub(crate) name: String,
    /// Entries that the local tier holds; 0 disables it
    #[arg(long, global = true, value_name = "N", default_value_t = 100)]
    pub(crate) local_max: u32,
    /// Bytes of keys and values that the local tier holds
    #[arg(long, global = true, value_name = "N")]
    pub(crate) local_max_bytes: Option<u64>,
    /// Which entry to evict first from a full local tier
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) eviction: Eviction,
    /// Time to live of entries; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds, allow_negative_numbers = true)]
    pub(crate) ttl: Option<Duration>,
    /// Restart an entry's time to live on each read
    #[arg(long, global = true)]
    pub(crate) refresh_ttl: bool,
    /// How long after its expiry an entry may be served, marked stale, while the backend fails;
    /// fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) stale_on_error: Option<Duration>,
    /// How long the absence of a key is cached; fractions are allowed
    #[arg(long, global = true, value_name = "SECONDS", value_parser = parse_seconds)]
    pub(crate) absent_ttl: Option<Duration>,
    /// Shorten each time to live by a random part of at most this many percent, up to 50
    #[arg(long, global = true, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=50), default_value_t = 0)]
    pub(crate) ttl_jitter: u8,
    /// Type of keys
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) key_type: KeyType,
    /// Type of values
    #[arg(long = "type", global = true, value_enum, default_value_t)]
    pub(crate) value_type: ValueType,
    /// Value that a read of an absent key returns
    #[arg(
        long,
        global = true,
        value_name = "VALUE",
        allow_negative_numbers = true
    )]
    pub(crate) default: Option<String>,
    /// Store the default when a read returns it
    #[arg(long, global = true, requires = "default")]
    pub(crate) store_default: bool,
    /// How the cache runs; results are the same
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) engine: Engine,
    /// Directory of compiled code for later starts, or `off`. The code is executed, so only you may
    /// own the directory and write to it [default: flipcache/code in the user's cache directory]
    #[arg(
        long,
        global = true,
        value_name = "DIRECTORY",
        env = "FLIPCACHE_CODE_CACHE"
    )]
    pub(crate) code_cache: Option<CodeCacheLocation>,
    /// Print each result as one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The options that were given.
    #[arg(skip)]
    pub(crate) given: Given,
}

impl GlobalOptions {
    /// Returns the first given option that configures a cache of the command line, for commands
    /// that have none. Not `--eviction`.
    pub(crate) fn option_of_a_cache(&self) -> Option<String> {
        let kind = self.option_of_a_kind();
        kind.or_else(|| self.given.first_of(CACHE_OPTIONS))
    }

    /// Returns the first given option that selects a cache or its types.
    pub(crate) fn option_of_a_kind(&self) -> Option<String> {
        self.given.first_of(KIND)
    }
}

/// A component between the cache and another interface.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Adapter {
    /// For applications: implements both drafts of wasi:keyvalue with the cache
    WasiKeyvalueProvider,
    /// For hosts: implements the cache's import with their wasi:keyvalue@0.2.0-draft (wasmtime,
    /// wasmCloud)
    WasiKeyvalueBackend,
    /// For hosts: implements the cache's import with their wasi:keyvalue@0.2.0-draft2 (Spin)
    WasiKeyvalueBackendDraft2,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Coherence {
    /// Follow changes; while that is not possible, the local tier serves nothing
    Tracking,
    /// Do not follow changes: writes by other clients are seen when an entry expires
    Off,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Eviction {
    /// First in, first out
    #[default]
    Fifo,
    /// Least recently used
    Lru,
    /// FIFO queues with a second chance and a ghost queue; most hits for most workloads
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
    /// 64-bit decimal integers
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
