//! Converts arguments and return values of the component between Rust and the JSON of the cases.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use flipcache::backend::{BackendError, describe};
use flipcache::{
    Error, Eviction, Expiry, Found, KeyType, Options, Order, Resilience, Source, Stats, Value,
    ValueType,
};
use serde_json::{Map, Value as Json, json};

/// Larger integers are written as text, as not every JSON parser represents them.
const MAX_NUMBER: u64 = 1 << 53;

pub(crate) fn text(json: &Json) -> Result<&str> {
    json.as_str()
        .with_context(|| format!("{json} is not a text"))
}

pub(crate) fn texts(json: &Json) -> Result<Vec<String>> {
    let list = list(json)?.iter();
    list.map(|it| text(it).map(str::to_owned)).collect()
}

pub(crate) fn list(json: &Json) -> Result<&[Json]> {
    let list = json
        .as_array()
        .with_context(|| format!("{json} is not a list"))?;
    Ok(list)
}

pub(crate) fn truth(json: &Json) -> Result<bool> {
    json.as_bool()
        .with_context(|| format!("{json} is neither true nor false"))
}

/// Parses an integer of any type that holds it.
pub(crate) fn integer<T: TryFrom<i128>>(json: &Json) -> Result<T> {
    let number = match json {
        Json::String(text) => text.parse().ok(),
        _ => (json.as_i64().map(i128::from)).or_else(|| json.as_u64().map(i128::from)),
    };
    let number = number.and_then(|number| T::try_from(number).ok());
    number.with_context(|| format!("{json} is not an integer in range"))
}

pub(crate) fn bytes(json: &Json) -> Result<Vec<u8>> {
    match json {
        Json::String(text) => Ok(text.as_bytes().to_vec()),
        _ => {
            let hex = text(&json["hex"])?;
            let digits = (0..hex.len()).step_by(2);
            let byte = |at: usize| {
                let two = hex.get(at..at + 2).context("an odd number of digits")?;
                Ok(u8::from_str_radix(two, 16)?)
            };
            digits.map(byte).collect()
        }
    }
}

/// Formats an integer as cases write it.
pub(crate) fn number(number: i128) -> Json {
    match i64::try_from(number) {
        Ok(small) if small.unsigned_abs() <= MAX_NUMBER => json!(small),
        _ => json!(number.to_string()),
    }
}

pub(crate) fn of_bytes(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => {
            let digits = bytes.iter().map(|byte| format!("{byte:02x}"));
            json!({ "hex": digits.collect::<String>() })
        }
    }
}

pub(crate) fn value(json: &Json) -> Result<Value> {
    let (case, of) = variant(json)?;
    Ok(match case {
        "text" => Value::Text(text(of)?.to_owned()),
        "integer" => Value::Integer(integer(of)?),
        "float" => Value::Float(float(of)?),
        "boolean" => Value::Boolean(truth(of)?),
        "json" => Value::Json(text(of)?.to_owned()),
        "bytes" => Value::Bytes(bytes(of)?),
        _ => bail!("there is no value {case}"),
    })
}

pub(crate) fn of_value(value: &Value) -> Json {
    match value {
        Value::Text(text) => json!({ "text": text }),
        Value::Integer(it) => json!({ "integer": number((*it).into()) }),
        Value::Float(it) => json!({ "float": of_float(*it) }),
        Value::Boolean(it) => json!({ "boolean": it }),
        Value::Json(text) => json!({ "json": text }),
        Value::Bytes(bytes) => json!({ "bytes": of_bytes(bytes) }),
    }
}

pub(crate) fn float(json: &Json) -> Result<f64> {
    let word = |text: &str| ["nan", "inf", "-inf"].contains(&text).then(|| text.parse());
    match json {
        Json::String(text) => Ok(word(text).with_context(|| format!("{json} is not a float"))??),
        _ => json
            .as_f64()
            .with_context(|| format!("{json} is not a number")),
    }
}

pub(crate) fn of_float(float: f64) -> Json {
    if float.is_finite() {
        json!(float)
    } else {
        json!(float.to_string().to_lowercase())
    }
}

/// Splits a variant into the name of its case and the payload.
pub(crate) fn variant(json: &Json) -> Result<(&str, &Json)> {
    match json {
        Json::String(name) => Ok((name, &Json::Null)),
        Json::Object(map) if map.len() == 1 => {
            let case = map.iter().next();
            let (name, of) = case.context("there is one")?;
            Ok((name, of))
        }
        _ => bail!("{json} is not a variant"),
    }
}

pub(crate) fn expiry(json: &Json) -> Result<Expiry> {
    Ok(match variant(json)? {
        ("inherit", _) => Expiry::Inherit,
        ("never", _) => Expiry::Never,
        ("after-ms", ms) => Expiry::After(Duration::from_millis(integer(ms)?)),
        (case, _) => bail!("there is no expiry {case}"),
    })
}

pub(crate) fn of_expiry(expiry: Expiry) -> Json {
    match expiry {
        Expiry::Inherit => json!("inherit"),
        Expiry::Never => json!("never"),
        Expiry::After(ttl) => json!({ "after-ms": millis(ttl) }),
    }
}

pub(crate) fn millis(duration: Duration) -> Json {
    number(i128::try_from(duration.as_millis()).unwrap_or(i128::MAX))
}

pub(crate) fn order(name: &str) -> Result<Order> {
    Ok(match name {
        "fifo" => Order::Fifo,
        "lru" => Order::Lru,
        _ => bail!("there is no order {name}"),
    })
}

pub(crate) fn options(map: &Map<String, Json>) -> Result<Options> {
    let mut options = Options::default();
    for (name, json) in map {
        match name.as_str() {
            "local-max" => options.local_max = integer(json)?,
            "local-max-bytes" => options.local_max_bytes = some(json, integer)?,
            "eviction" => options.eviction = eviction(text(json)?)?,
            "ttl-ms" => options.ttl = some(json, millis_of)?,
            "refresh-ttl-on-get" => options.refresh_ttl_on_get = truth(json)?,
            "key-type" => options.key_type = key_type(text(json)?)?,
            "value-type" => options.value_type = value_type(text(json)?)?,
            "default" => options.default = some(json, value)?,
            "store-default" => options.store_default = truth(json)?,
            _ => bail!("there is no option {name}"),
        }
    }
    Ok(options)
}

pub(crate) fn resilience(map: &Map<String, Json>) -> Result<Resilience> {
    let mut resilience = Resilience::default();
    for (name, json) in map {
        match name.as_str() {
            "stale-on-error-ms" => resilience.stale_on_error = millis_of(json)?,
            "absent-ttl-ms" => resilience.absent_ttl = millis_of(json)?,
            "ttl-jitter-percent" => resilience.ttl_jitter_percent = integer(json)?,
            "max-staleness-ms" => resilience.max_staleness = some(json, millis_of)?,
            _ => bail!("there is no resilience option {name}"),
        }
    }
    Ok(resilience)
}

fn millis_of(json: &Json) -> Result<Duration> {
    integer(json).map(Duration::from_millis)
}

fn some<T>(json: &Json, of: impl Fn(&Json) -> Result<T>) -> Result<Option<T>> {
    (!json.is_null()).then(|| of(json)).transpose()
}

fn eviction(name: &str) -> Result<Eviction> {
    Ok(match name {
        "fifo" => Eviction::Fifo,
        "lru" => Eviction::Lru,
        "s3-fifo" => Eviction::S3Fifo,
        _ => bail!("there is no eviction {name}"),
    })
}

fn key_type(name: &str) -> Result<KeyType> {
    Ok(match name {
        "text" => KeyType::Text,
        "integer" => KeyType::Integer,
        _ => bail!("there is no key type {name}"),
    })
}

fn value_type(name: &str) -> Result<ValueType> {
    Ok(match name {
        "text" => ValueType::Text,
        "integer" => ValueType::Integer,
        "float" => ValueType::Float,
        "boolean" => ValueType::Boolean,
        "json" => ValueType::Json,
        "bytes" => ValueType::Bytes,
        _ => bail!("there is no value type {name}"),
    })
}

pub(crate) fn of_found(found: &Found<Value>) -> Json {
    json!({
        "value": found.value.as_ref().map(of_value),
        "source": of_source(found.source),
    })
}

fn of_source(source: Source) -> Json {
    json!(match source {
        Source::Local => "local",
        Source::Backend => "backend",
        Source::Default => "default",
        Source::Stale => "stale",
        Source::None => "none",
    })
}

pub(crate) fn of_stats(stats: &Stats) -> Json {
    let removals = stats.removals;
    json!({
        "local-hits": stats.local_hits,
        "backend-hits": stats.backend_hits,
        "misses": stats.misses,
        "stale-hits": stats.stale_hits,
        "absent-hits": stats.absent_hits,
        "removals": {
            "size": removals.size,
            "expired": removals.expired,
            "explicit": removals.explicit,
            "replaced": removals.replaced,
            "invalidated": removals.invalidated,
            "flushed": removals.flushed,
        },
        "refused-fills": stats.refused_fills,
        "too-large": stats.too_large,
        "backend-errors": stats.backend_errors,
        "local-len": stats.local_len,
        "local-bytes": stats.local_bytes,
    })
}

/// Converts an error to the one that the component returns.
pub(crate) fn of_error(error: &Error) -> Result<Json> {
    Ok(match error {
        Error::InvalidName(why) => json!({ "invalid-name": why }),
        Error::InvalidOptions(why) => json!({ "invalid-options": why }),
        Error::Conflict(why) => json!({ "conflict": why }),
        Error::Denied(why) => json!({ "denied": why }),
        Error::InvalidKey { key } => json!({ "invalid-key": key }),
        Error::InvalidValue(why) => json!({ "invalid-value": why }),
        Error::InvalidTtl { millis } => json!({ "invalid-ttl": number((*millis).into()) }),
        Error::TooLarge { limit } | Error::Backend(BackendError::TooLarge { limit }) => {
            json!({ "too-large": number((*limit).into()) })
        }
        Error::Undecodable { key } => json!({ "undecodable": key }),
        Error::WrongType { key } => json!({ "wrong-type": key }),
        Error::Backend(error) => json!({ "backend": of_backend_error(error) }),
        Error::InvalidCapacity => json!("invalid-capacity"),
        _ => bail!("no component returns the error: {}", describe(error)),
    })
}

fn of_backend_error(error: &BackendError) -> Json {
    match error {
        BackendError::Timeout => json!("timeout"),
        _ => json!({ error.kind(): describe(error) }),
    }
}

/// Parses the error that a case injects.
pub(crate) fn backend_error(json: &Json) -> Result<BackendError> {
    let (case, of) = variant(json)?;
    let why = || "injected fault".into();
    Ok(match case {
        "unavailable" => BackendError::Unavailable(why()),
        "outcome-unknown" => BackendError::OutcomeUnknown(why()),
        "timeout" => BackendError::Timeout,
        "access-denied" => BackendError::AccessDenied(why()),
        "too-large" => BackendError::TooLarge {
            limit: integer(of)?,
        },
        "unsupported" => BackendError::Unsupported(why()),
        "other" => BackendError::Other(why()),
        _ => bail!("there is no backend error {case}"),
    })
}

/// Returns exactly `N` arguments.
pub(crate) fn exactly<const N: usize>(with: &[Json]) -> Result<&[Json; N]> {
    let exact = with.try_into();
    exact.with_context(|| format!("got {} arguments, expected {N}", with.len()))
}

/// Parses pairs of keys and values.
pub(crate) fn entries(json: &Json) -> Result<Vec<(String, Value)>> {
    let pair = |json: &Json| {
        let pair = list(json)?;
        ensure!(pair.len() == 2, "{json} is not a pair");
        Ok((text(&pair[0])?.to_owned(), value(&pair[1])?))
    };
    list(json)?.iter().map(pair).collect()
}
