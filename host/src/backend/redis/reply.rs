//! Parses the replies to commands.

use std::time::Duration;

use ::redis::Value;

use super::error::{of_reply, unexpected};
use crate::backend::{BackendError, Entry, Slot, time};

/// Returns the replies to the commands between `MULTI` and `EXEC`, from those to a pipeline `MULTI,
/// …, EXEC`. They include errors of single commands.
///
/// # Errors
///
/// The error of a command that the server refused to queue, or of `EXEC`.
pub(super) fn transaction(replies: Vec<Value>) -> Result<Vec<Value>, BackendError> {
    let mut refusals = replies.iter().filter_map(|reply| match reply {
        Value::ServerError(error) => Some(error),
        _ => None,
    });
    // The first of them says more than the EXECABORT at the end.
    if let Some(first) = refusals.next() {
        return Err(of_reply(first));
    }
    match replies.into_iter().next_back() {
        Some(Value::Array(replies)) => Ok(replies),
        _ => Err(unexpected()),
    }
}

/// Returns what a key holds, from the replies to `GET` and `PTTL` of one transaction.
pub(super) fn slot(get: Value, pttl: &Value) -> Result<Slot, BackendError> {
    slot_with_millis(get, integer(pttl)?)
}

/// Returns what a key holds, from the replies to `PTTL`, `GET` and `PTTL`: the shorter TTL counts.
pub(super) fn slot_between(
    before: &Value,
    get: Value,
    after: &Value,
) -> Result<Slot, BackendError> {
    let millis = match [integer(before)?, integer(after)?] {
        [-1, life] | [life, -1] => life,
        [before, after] => before.min(after),
    };
    slot_with_millis(get, millis)
}

/// Returns what a key holds, from the reply to `GET` and the result of `PTTL`.
fn slot_with_millis(get: Value, millis: i64) -> Result<Slot, BackendError> {
    let value = match string(get)? {
        Found::String(value) => value,
        Found::Nothing => return Ok(Slot::Absent),
        Found::Other => return Ok(Slot::WrongType),
    };
    let ttl = match millis {
        -1 => None,
        // It expired between the two, or within this millisecond.
        ..=0 => return Ok(Slot::Absent),
        left => Some(time::from_millis(left)),
    };
    Ok(Slot::Entry(Entry { value, ttl }))
}

/// Returns what a key holds, from the reply to `GETEX` with a TTL.
pub(super) fn slot_with_ttl(getex: Value, ttl: Duration) -> Result<Slot, BackendError> {
    Ok(match string(getex)? {
        Found::String(value) => Slot::Entry(Entry {
            value,
            ttl: Some(ttl),
        }),
        Found::Nothing => Slot::Absent,
        Found::Other => Slot::WrongType,
    })
}

/// Returns an integer, or the server's error.
pub(super) fn integer(reply: &Value) -> Result<i64, BackendError> {
    match reply {
        Value::Int(number) => Ok(*number),
        Value::ServerError(error) => Err(of_reply(error)),
        _ => Err(unexpected()),
    }
}

/// Returns a count, or the server's error.
pub(super) fn amount(reply: &Value) -> Result<u64, BackendError> {
    u64::try_from(integer(reply)?).map_err(|_| unexpected())
}

/// Expects `OK`; otherwise returns the server's error.
pub(super) fn done(reply: &Value) -> Result<(), BackendError> {
    match reply {
        Value::Okay => Ok(()),
        Value::ServerError(error) => Err(of_reply(error)),
        _ => Err(unexpected()),
    }
}

/// Returns whether `SET … NX` or `SET … XX` wrote, or the server's error.
pub(super) fn wrote(reply: &Value) -> Result<bool, BackendError> {
    match reply {
        Value::Nil => Ok(false),
        reply => done(reply).map(|()| true),
    }
}

/// Returns the next cursor and the keys of a page of `SCAN`.
pub(super) fn page(reply: Value) -> Result<(u64, Vec<Vec<u8>>), BackendError> {
    let parts = match reply {
        Value::Array(parts) => parts,
        Value::ServerError(error) => return Err(of_reply(&error)),
        _ => return Err(unexpected()),
    };
    let Ok([Value::BulkString(cursor), Value::Array(keys)]) = <[Value; 2]>::try_from(parts) else {
        return Err(unexpected());
    };
    let cursor = str::from_utf8(&cursor)
        .ok()
        .and_then(|cursor| cursor.parse().ok())
        .ok_or_else(unexpected)?;
    let key = |key| match key {
        Value::BulkString(key) => Ok(key),
        _ => Err(unexpected()),
    };
    Ok((cursor, keys.into_iter().map(key).collect::<Result<_, _>>()?))
}

enum Found {
    Nothing,
    String(Vec<u8>),
    /// A value that is not a string.
    Other,
}

fn string(reply: Value) -> Result<Found, BackendError> {
    match reply {
        Value::Nil => Ok(Found::Nothing),
        Value::BulkString(value) => Ok(Found::String(value)),
        Value::ServerError(error) if error.code() == "WRONGTYPE" => Ok(Found::Other),
        Value::ServerError(error) => Err(of_reply(&error)),
        _ => Err(unexpected()),
    }
}

#[cfg(test)]
pub(super) mod values {
    //! Replies of any shape.

    use ::redis::{Value, parse_redis_value};
    use proptest::prelude::*;

    /// Texts that mean something in some reply, and some that do not.
    const WORDS: [&str; 14] = [
        "", "0", "12", "-1", "x", "\u{fc}", "OK", "QUEUED", "slots", "nodes", "role", "master",
        "id", "endpoint",
    ];

    const ERRORS: [&str; 8] = [
        "ERR no",
        "WRONGTYPE no",
        "EXECABORT no",
        "MOVED 1 h:7",
        "MOVED x",
        "ASK 1 :7",
        "TRYAGAIN no",
        "NOPERM no",
    ];

    pub(in crate::backend::redis) fn any_value() -> impl Strategy<Value = Value> {
        let word = || prop::sample::select(WORDS.to_vec());
        let number = prop_oneof![any::<i64>(), -3..20_000_i64];
        let leaf = prop_oneof![
            Just(Value::Nil),
            Just(Value::Okay),
            any::<bool>().prop_map(Value::Boolean),
            number.prop_map(Value::Int),
            any::<f64>().prop_map(Value::Double),
            prop::collection::vec(any::<u8>(), 0..4).prop_map(Value::BulkString),
            word().prop_map(|word| Value::BulkString(word.into())),
            word().prop_map(|word| Value::SimpleString(word.to_owned())),
            prop::sample::select(ERRORS.to_vec()).prop_map(error),
        ];
        leaf.prop_recursive(4, 64, 6, |inner| {
            let pairs = prop::collection::vec((inner.clone(), inner.clone()), 0..4);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
                prop::collection::vec(inner, 0..4).prop_map(Value::Set),
                pairs.prop_map(Value::Map),
            ]
        })
    }

    fn error(line: &str) -> Value {
        parse_redis_value(format!("-{line}\r\n").as_bytes()).expect("it is an error")
    }
}

#[cfg(test)]
mod tests {
    use ::redis::parse_redis_value;
    use proptest::prelude::*;

    use super::values::any_value;
    use super::*;

    proptest! {
        #[test]
        fn reply_of_any_shape_is_parsed_or_an_error(
            one in any_value(),
            other in any_value(),
            replies in prop::collection::vec(any_value(), 0..6),
        ) {
            if let Ok(Slot::Entry(entry)) = slot(one.clone(), &other) {
                prop_assert!(entry.ttl.is_none_or(|ttl| ttl > Duration::ZERO));
            }
            let _ = slot_with_ttl(one.clone(), Duration::from_secs(1));
            prop_assert_eq!(amount(&one).is_ok(), matches!(one, Value::Int(0..)));
            prop_assert_eq!(done(&one).is_ok(), one == Value::Okay);
            let _ = wrote(&one);
            let _ = page(one);
            let executed = matches!(replies.last(), Some(Value::Array(_)));
            prop_assert!(executed || transaction(replies).is_err());
        }
    }

    fn values(wire: &str) -> Vec<Value> {
        match parse_redis_value(wire.as_bytes()).unwrap() {
            Value::Array(values) => values,
            other => panic!("write an array, not {other:?}"),
        }
    }

    #[test]
    fn slot_ttl_zero_or_gone_is_absent_and_minus_one_does_not_expire() {
        let value = || Value::BulkString(b"v".to_vec());
        let entry = |ttl| {
            let value = b"v".to_vec();
            Slot::Entry(Entry { value, ttl })
        };
        assert_eq!(slot(value(), &Value::Int(-2)).unwrap(), Slot::Absent);
        assert_eq!(slot(value(), &Value::Int(0)).unwrap(), Slot::Absent);
        assert_eq!(slot(value(), &Value::Int(-1)).unwrap(), entry(None));
        let one = Some(Duration::from_millis(1));
        assert_eq!(slot(value(), &Value::Int(1)).unwrap(), entry(one));
        assert_eq!(slot(Value::Nil, &Value::Int(-2)).unwrap(), Slot::Absent);
    }

    #[test]
    fn slot_between_two_ttls_has_the_shorter() {
        let between = |before: i64, after: i64| {
            let get = Value::BulkString(b"v".to_vec());
            let slot = slot_between(&Value::Int(before), get, &Value::Int(after));
            match slot.expect("these are valid replies") {
                Slot::Entry(entry) => Some(entry.ttl.map(|ttl| ttl.as_millis())),
                _ => None,
            }
        };
        assert_eq!(between(-1, -1), Some(None));
        assert_eq!(between(-1, 9), Some(Some(9)));
        assert_eq!(between(9, -1), Some(Some(9)));
        assert_eq!(between(9, 8), Some(Some(8)));
        assert_eq!(between(8, 9_000), Some(Some(8)));
        assert_eq!(between(-2, 9), None, "it was written in between");
    }

    #[test]
    fn transaction_error_of_one_command_is_among_the_replies() {
        let wire = "*4\r\n+OK\r\n+QUEUED\r\n+QUEUED\r\n*2\r\n-WRONGTYPE no\r\n:-1\r\n";
        let replies = transaction(values(wire)).unwrap();
        let slot = slot(replies[0].clone(), &replies[1]).unwrap();
        assert_eq!(slot, Slot::WrongType);
    }

    #[test]
    fn transaction_refused_command_is_the_error() {
        let wire = "*3\r\n+OK\r\n-NOPERM no\r\n-EXECABORT Transaction discarded\r\n";
        assert!(matches!(
            transaction(values(wire)),
            Err(BackendError::AccessDenied(_))
        ));
    }

    #[test]
    fn page_of_an_unknown_shape_is_an_error() {
        for wire in [
            "*1\r\n$1\r\n0\r\n",
            "*2\r\n$1\r\nx\r\n*0\r\n",
            "*2\r\n:0\r\n*0\r\n",
        ] {
            assert!(page(Value::Array(values(wire))).is_err(), "{wire:?}");
        }
    }
}
