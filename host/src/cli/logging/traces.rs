//! Spans for a collector of OpenTelemetry, configured by its standard variables:
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

/// The variables that name a collector. Without either, nothing is exported.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
];

/// The service name, unless `OTEL_SERVICE_NAME` sets another.
const SERVICE: &str = "flipcache";

/// How long the end of the program waits for the last spans to be sent.
const GRACE: Duration = Duration::from_secs(2);

/// The exporter of spans. At most 2,048 are queued; more are dropped, so that spans never block.
pub(super) struct Traces(SdkTracerProvider);

/// Starts the export if a collector is configured.
///
/// # Errors
///
/// If the collector's URL is not plain HTTP, or another variable is not valid.
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
        "the collector's URL must begin with http://, as TLS to collectors is not supported"
    );
    let exporter = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_http_client(Collector::new(io::runtime()?))
        // A retry would delay the end of the program.
        .with_retry_policy(RetryPolicy::disabled())
        .build()
        .context("a variable OTEL_EXPORTER_OTLP_… is not valid")?;
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource())
        .build();
    Ok(Some(Traces(provider)))
}

impl Traces {
    /// Returns the layer that receives the spans of this crate only.
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
            tracing::warn!("cannot export the last traces: {error}");
        }
    }
}

fn resource() -> Resource {
    let named = Resource::builder().build();
    let service = named.get(&Key::from_static_str("service.name"));
    let is_unknown = service.is_none_or(|service| service.as_str().starts_with("unknown_service"));
    if is_unknown {
        Resource::builder().with_service_name(SERVICE).build()
    } else {
        named
    }
}
