//! A subscriber that records spans and events.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex, MutexGuard};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::{self, DefaultGuard};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{Layer, registry};

/// A span or an event.
#[derive(Clone, Debug, Default)]
pub(super) struct Note {
    pub(super) name: &'static str,
    pub(super) target: &'static str,
    pub(super) parent: Option<&'static str>,
    pub(super) fields: BTreeMap<&'static str, String>,
}

impl Note {
    fn new(metadata: &'static Metadata<'static>) -> Self {
        Self {
            name: metadata.name(),
            target: metadata.target(),
            ..Self::default()
        }
    }

    #[track_caller]
    pub(super) fn has(&self, field: &str, value: &str) {
        let found = self.fields.get(field).map(String::as_str);
        assert_eq!(found, Some(value), "{field} of {self:?}");
    }
}

impl Visit for Note {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.fields.insert(field.name(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.fields.insert(field.name(), value.to_owned());
    }
}

/// All that is told on this thread.
#[derive(Clone, Default)]
pub(super) struct Noted(Arc<Mutex<Notes>>);

#[derive(Default)]
struct Notes {
    spans: Vec<(Id, Note)>,
    events: Vec<Note>,
}

impl Noted {
    /// Records everything until the guard is dropped.
    pub(super) fn begin() -> (Self, DefaultGuard) {
        let noted = Self::default();
        let guard = subscriber::set_default(registry().with(noted.clone()));
        (noted, guard)
    }

    /// Returns the spans of a target.
    pub(super) fn spans(&self, target: &str) -> Vec<Note> {
        let notes = self.lock();
        let spans = notes.spans.iter().map(|(_, span)| span);
        spans
            .filter(|span| span.target == target)
            .cloned()
            .collect()
    }

    /// Returns what the events of a target said.
    pub(super) fn said(&self, target: &str) -> Vec<String> {
        let notes = self.lock();
        let events = notes.events.iter().filter(|event| event.target == target);
        events
            .filter_map(|event| event.fields.get("message").cloned())
            .collect()
    }

    /// Returns all that anybody could read.
    pub(super) fn everything(&self) -> String {
        let notes = self.lock();
        format!("{:?} {:?}", notes.spans, notes.events)
    }

    fn lock(&self) -> MutexGuard<'_, Notes> {
        self.0
            .lock()
            .expect("no caller panics while it holds the lock")
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Noted {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // The store's own library tells of every byte.
        metadata.target().starts_with("flipcache") || *metadata.level() <= Level::INFO
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut note = Note::new(attributes.metadata());
        attributes.record(&mut note);
        let parent = context.span(id).and_then(|span| span.parent());
        note.parent = parent.map(|parent| parent.name());
        self.lock().spans.push((id.clone(), note));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut notes = self.lock();
        // Numbers are used again; the last one is meant.
        let span = notes.spans.iter_mut().rfind(|(other, _)| other == id);
        if let Some((_, note)) = span {
            values.record(note);
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut note = Note::new(event.metadata());
        event.record(&mut note);
        self.lock().events.push(note);
    }
}
