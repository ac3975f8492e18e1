//! The demonstration: every example of FlipCache's README, shown as code and outcome.
//!
//! Each runs through the component. It fails if an outcome is not the expected one.

mod examples;
mod shape;

use anyhow::Result;
use flipcache::backend::BackendUrl;
use flipcache::{Error, Options, Resilience, Value};

use super::args::GlobalOptions;
use super::engine::{Cache, Caches};
use super::failure::Failure;
use super::{code_cache, options, print};
use examples::EXAMPLES;

/// The prefix of the demonstration's caches, so that it can run on a backend in use.
const PREFIX: &str = "flipcache-demo";

/// Runs all examples. Returns whether every outcome was the expected one.
pub(crate) fn run(global: &GlobalOptions) -> Result<bool> {
    let url = match &global.backend {
        Some(url) => url
            .parse()
            .map_err(|error| Failure::Cache(Error::Url(error)))?,
        None => BackendUrl::Memory,
    };
    let backend = options::open_backend(&url, global)?;
    let caches = Caches::new(global.engine, backend, code_cache::open(global));
    let mut demo = Demo {
        caches: caches.map_err(Failure::Cache)?,
        unexpected: 0,
    };
    demo.say(&format!("The cache component over {url}\n"))?;
    for example in EXAMPLES {
        demo.say(&format!("\n{}\n", example.title))?;
        (example.run)(&mut demo)?;
    }
    let verdict = match demo.unexpected {
        0 => "All outcomes were as expected.".to_owned(),
        count => format!("{count} outcomes were not as expected."),
    };
    demo.say(&format!("\n{verdict}\n"))?;
    Ok(demo.unexpected == 0)
}

/// One example.
struct Example {
    title: &'static str,
    run: fn(&mut Demo) -> Result<()>,
}

struct Demo {
    caches: Caches,
    unexpected: usize,
}

impl Demo {
    /// Opens an empty cache for the demonstration.
    fn open(&self, name: &str, options: Options) -> Result<Cache> {
        let cache =
            self.caches
                .open(&format!("{PREFIX}-{name}"), options, Resilience::default())?;
        cache.clear()?;
        Ok(cache)
    }

    fn say(&self, text: &str) -> Result<()> {
        Ok(print(text.as_bytes())?)
    }

    /// Prints code without an outcome.
    fn code(&self, code: &str) -> Result<()> {
        self.say(&format!("  {code}\n"))
    }

    /// Prints code and its outcome, and the expected one if it differs.
    fn outcome(&mut self, code: &str, outcome: &str, expected: &str) -> Result<()> {
        self.say(&format!("  {code}\n    = {outcome}\n"))?;
        if outcome != expected {
            self.unexpected += 1;
            self.say(&format!("    ! expected {expected}\n"))?;
        }
        Ok(())
    }
}

/// How an outcome is printed.
trait Show {
    fn show(&self) -> String;
}

impl Show for bool {
    fn show(&self) -> String {
        self.to_string()
    }
}

impl Show for Option<Value> {
    fn show(&self) -> String {
        match self {
            None => "None".to_owned(),
            Some(value) => {
                let wire = value.encode(value.value_type()).unwrap_or_default();
                String::from_utf8_lossy(&wire).into_owned()
            }
        }
    }
}

impl Show for Vec<String> {
    fn show(&self) -> String {
        format!("{self:?}")
    }
}

/// Runs code and prints it, with its outcome if one is expected.
macro_rules! show {
    ($demo:ident, $code:expr) => {{
        $demo.code(&$crate::cli::demo::source(stringify!($code)))?;
        $code?
    }};
    ($demo:ident, $code:expr => $expected:literal) => {{
        let outcome = $crate::cli::demo::Show::show(&$code?);
        $demo.outcome(
            &$crate::cli::demo::source(stringify!($code)),
            &outcome,
            $expected,
        )?;
    }};
}
use show;

/// Joins code that spans several lines into one.
fn source(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}
