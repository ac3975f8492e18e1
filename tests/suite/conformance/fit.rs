//! Compares return values and errors with the expected ones.

use serde_json::Value as Json;

/// Returns whether a value is the expected one. Only the expected fields of a record are compared.
pub(crate) fn value_fits(expected: &Json, actual: &Json) -> bool {
    match (expected, actual) {
        (Json::Object(expected), Json::Object(actual)) => expected.iter().all(|(name, part)| {
            let actual = actual.get(name);
            actual.is_some_and(|actual| value_fits(part, actual))
        }),
        (Json::Array(expected), Json::Array(actual)) => {
            let parts = expected.iter().zip(actual);
            expected.len() == actual.len() && { parts }
                .all(|(expected, actual)| value_fits(expected, actual))
        }
        // 1 is 1.0.
        (Json::Number(expected), Json::Number(actual)) => expected.as_f64() == actual.as_f64(),
        _ => expected == actual,
    }
}

/// Returns whether an error is the expected one: the name of its case, or the case with its
/// payload.
pub(crate) fn error_fits(expected: &Json, actual: &Json) -> bool {
    match (expected, actual) {
        (Json::String(case), Json::Object(actual)) => actual.contains_key(case),
        (Json::Object(expected), Json::Object(actual)) => expected.iter().all(|(case, held)| {
            let actual = actual.get(case);
            actual.is_some_and(|actual| error_fits(held, actual))
        }),
        _ => expected == actual,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn value_fits_expected_parts_present_is_true() {
        for (expected, actual) in [
            (json!(null), json!(null)),
            (json!(1), json!(1.0)),
            (json!({ "a": 1 }), json!({ "a": 1, "b": 2 })),
            (
                json!([{ "text": "x" }, null]),
                json!([{ "text": "x" }, null]),
            ),
        ] {
            assert!(value_fits(&expected, &actual), "{expected} is {actual}");
        }
    }

    #[test]
    fn value_fits_another_value_kind_or_length_is_false() {
        for (expected, actual) in [
            (json!(null), json!({ "text": "x" })),
            (json!({ "text": "x" }), json!(null)),
            (json!({ "text": "1" }), json!({ "integer": 1 })),
            (json!(["a"]), json!(["a", "b"])),
            (json!([]), json!(["a"])),
            (json!({ "a": { "b": 1 } }), json!({ "a": { "c": 1 } })),
        ] {
            assert!(
                !value_fits(&expected, &actual),
                "{expected} is not {actual}"
            );
        }
    }

    #[test]
    fn error_fits_compares_the_case_and_a_given_payload() {
        let error = json!({ "invalid-key": "007" });
        assert!(error_fits(&json!("invalid-key"), &error));
        assert!(error_fits(&error, &error));
        assert!(!error_fits(&json!({ "invalid-key": "7" }), &error));
        assert!(!error_fits(&json!("invalid-value"), &error));
        let failed = json!({ "backend": { "unavailable": "in words" } });
        assert!(error_fits(&json!({ "backend": "unavailable" }), &failed));
        assert!(!error_fits(&json!({ "backend": "timeout" }), &failed));
        assert!(error_fits(
            &json!({ "backend": "timeout" }),
            &json!({ "backend": "timeout" })
        ));
    }
}
