//! Observability: spans, events and metrics, and that they contain no secrets.

mod metrics;
mod noted;
mod spans;
