//! The fields of a node's replies about its cluster, in either protocol. `None`: the field is
//! invalid.

use ::redis::Value;

use super::slots::SLOTS;

/// The longest name of a node or its host.
const MAX_NAME: usize = 255;

pub(super) fn array(value: &Value) -> Option<&[Value]> {
    match value {
        Value::Array(values) => Some(values),
        _ => None,
    }
}

pub(super) fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => str::from_utf8(bytes).ok(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => Some(text),
        _ => None,
    }
}

/// Returns the field with a name.
pub(super) fn field<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    match value {
        Value::Map(pairs) => {
            let mut pairs = pairs.iter();
            pairs
                .find(|(key, _)| text(key) == Some(name))
                .map(|(_, value)| value)
        }
        Value::Array(flat) => {
            let mut pairs = flat.chunks_exact(2);
            pairs
                .find(|pair| text(&pair[0]) == Some(name))
                .map(|pair| &pair[1])
        }
        _ => None,
    }
}

pub(super) fn slot(value: &Value) -> Option<u16> {
    match value {
        Value::Int(number) => u16::try_from(*number).ok().filter(|slot| *slot < SLOTS),
        _ => None,
    }
}

/// Parses a port; 0 means that the node has no port of this kind.
pub(super) fn port_number(value: &Value) -> Option<Option<u16>> {
    match value {
        Value::Int(0) => Some(None),
        Value::Int(number) => u16::try_from(*number).ok().map(Some),
        _ => None,
    }
}

pub(super) fn name(value: &Value) -> Option<String> {
    let name = text(value).filter(|name| (1..=MAX_NAME).contains(&name.len()))?;
    Some(name.to_owned())
}

/// Parses a host; an unnamed host is that of the node that was asked.
pub(super) fn host(value: &Value) -> Option<Option<String>> {
    match value {
        Value::Nil => Some(None),
        value => match text(value)? {
            "" | "?" => Some(None),
            _ => name(value).map(Some),
        },
    }
}
