//! Logs, and traces if they are configured.
//!
//! - `traces`: spans for a collector, with the cargo feature `opentelemetry`; `collector`: the
//!   connection to it.

#[cfg(feature = "opentelemetry")]
mod collector;
#[cfg(feature = "opentelemetry")]
mod traces;

use std::env;
use std::io::{self, IsTerminal};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt, registry};

#[cfg(feature = "opentelemetry")]
use traces::Traces;

/// The filter of logs unless `FLIPCACHE_LOG` sets another.
const DEFAULT: &str = "error,flipcache::app=warn";
/// The variable with the filter of logs.
const VARIABLE: &str = "FLIPCACHE_LOG";

/// Logging until it is dropped, which flushes the last traces.
#[must_use]
pub(crate) struct Logging {
    #[cfg(feature = "opentelemetry")]
    _traces: Option<Traces>,
}

/// Starts logging. Logs go to standard error; `FLIPCACHE_LOG` filters them, as in
/// `FLIPCACHE_LOG=flipcache=debug`.
///
/// By default, only errors are logged, and requests of applications that were refused: the output
/// of a command already shows its outcome.
pub(crate) fn start() -> Logging {
    let wanted = env::var_os(VARIABLE).filter(|wanted| !wanted.is_empty());
    let wanted = wanted.unwrap_or_else(|| DEFAULT.into());
    let filter = EnvFilter::try_new(wanted.to_string_lossy());
    let wrong = filter.as_ref().err().map(ToString::to_string);
    let filter = filter.unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = fmt::layer()
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_filter(filter);
    #[cfg(feature = "opentelemetry")]
    let logging = {
        let traces = traces::begin();
        let layer = traces.as_ref().ok().and_then(Option::as_ref);
        let layer = layer.map(Traces::layer);
        registry().with(layer).with(log).init();
        let traces = traces.unwrap_or_else(|error| {
            tracing::error!("cannot export traces: {error:#}");
            None
        });
        Logging { _traces: traces }
    };
    #[cfg(not(feature = "opentelemetry"))]
    let logging = {
        registry().with(log).init();
        Logging {}
    };
    if let Some(error) = wrong {
        tracing::error!("{VARIABLE} is ignored, and only errors are logged: {error}");
    }
    logging
}
