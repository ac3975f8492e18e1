//! Spans for a collector of OpenTelemetry, as its standard variables say:
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>.

use std::env;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use flipcache::io;
use opentelemetry::Key;
use opentelemetry::trace::TracerProvider;
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;

use super::collector::Collector;

/// The variables that name a collector. With neither, nothing is exported.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// Whose spans these are, unless `OTEL_SERVICE_NAME` says otherwise.
const SERVICE: &str = "flipcache";

/// How long the end of the program waits for the last spans to leave.
const GRACE: Duration = Duration::from_secs(2);

/// Spans on their way out. At most 2,048 wait; more are lost, and nobody waits for them.
pub(super) struct Traces(SdkTracerProvider);

/// Begins to export, if a collector is named.
///
/// # Errors
///
/// If it cannot be reached by plain HTTP, or another variable is off.
pub(super) fn begin() -> Result<Option<Traces>> {
    let is = |name: &str, value: &str| {
        env::var(name).is_ok_and(|set| set.trim().eq_ignore_ascii_case(value))
    };
    let endpoint = ENDPOINTS.into_iter().filter_map(|name| env::var(name).ok());
    let endpoint = endpoint.into_iter().find(|endpoint| !endpoint.is_empty());
    let Some(endpoint) = endpoint else {
        return Ok(None);
    };
    if is("OTEL_SDK_DISABLED", "true") || is("OTEL_TRACES_EXPORTER", "none") {
        return Ok(None);
    }
    ensure!(
        endpoint.starts_with("http://"),
        "the collector must be named by an http:// URL; this program speaks no TLS to collectors"
    );
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(Collector::new(io::runtime()?))
        // What does not leave at once is not worth to hold up the end of the program.
        .with_retry_policy(RetryPolicy::disabled())
        .build()
        .context("a variable OTEL_EXPORTER_OTLP_… is off")?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource())
        .build();
    Ok(Some(Traces(provider)))
}

impl Traces {
    /// What takes in the spans of this crate, and of no other.
    pub(super) fn layer<S>(&self) -> impl Layer<S> + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer(SERVICE))
            .with_location(false)
            .with_threads(false)
            .with_filter(Targets::new().with_target("flipcache", Level::DEBUG))
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown_with_timeout(GRACE) {
            tracing::warn!("the last traces were not exported: {error}");
        }
    }
}

fn resource() -> Resource {
    let named = Resource::builder().build();
    let service = named.get(&Key::from_static_str("service.name"));
    let is_unknown = service.is_none_or(|service| service.as_str().starts_with("unknown_service"));
    match is_unknown {
        true => Resource::builder().with_service_name(SERVICE).build(),
        false => named,
    }
}
