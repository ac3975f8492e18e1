//! What those who watch are told: spans, events and metrics, and nothing that is not theirs to know.

mod metrics;
mod noted;
mod spans;
