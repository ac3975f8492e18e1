//! Whether what was answered is what was expected.

use serde_json::Value as Json;

/// Of records only those fields are compared that are expected.
pub(crate) fn answer_fits(expected: &Json, answered: &Json) -> bool {
    match (expected, answered) {
        (Json::Object(expected), Json::Object(answered)) => expected.iter().all(|(name, part)| {
            let answered = answered.get(name);
            answered.is_some_and(|answered| answer_fits(part, answered))
        }),
        (Json::Array(expected), Json::Array(answered)) => {
            let parts = expected.iter().zip(answered);
            expected.len() == answered.len() && { parts }
                .all(|(expected, answered)| answer_fits(expected, answered))
        }
        // 1 is 1.0.
        (Json::Number(expected), Json::Number(answered)) => expected.as_f64() == answered.as_f64(),
        _ => expected == answered,
    }
}

/// An error is expected by the name of its case alone, or with what it holds.
pub(crate) fn error_fits(expected: &Json, answered: &Json) -> bool {
    match (expected, answered) {
        (Json::String(case), Json::Object(answered)) => answered.contains_key(case),
        (Json::Object(expected), Json::Object(answered)) => expected.iter().all(|(case, held)| {
            let answered = answered.get(case);
            answered.is_some_and(|answered| error_fits(held, answered))
        }),
        _ => expected == answered,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answer_fits_if_what_is_expected_is_there() {
        for (expected, answered) in [
            (json!(null), json!(null)),
            (json!(1), json!(1.0)),
            (json!({ "a": 1 }), json!({ "a": 1, "b": 2 })),
            (
                json!([{ "text": "x" }, null]),
                json!([{ "text": "x" }, null]),
            ),
        ] {
            assert!(
                answer_fits(&expected, &answered),
                "{expected} is {answered}"
            );
        }
    }

    #[test]
    fn answer_of_another_value_kind_or_length_does_not_fit() {
        for (expected, answered) in [
            (json!(null), json!({ "text": "x" })),
            (json!({ "text": "x" }), json!(null)),
            (json!({ "text": "1" }), json!({ "integer": 1 })),
            (json!(["a"]), json!(["a", "b"])),
            (json!([]), json!(["a"])),
            (json!({ "a": { "b": 1 } }), json!({ "a": { "c": 1 } })),
        ] {
            assert!(
                !answer_fits(&expected, &answered),
                "{expected} is not {answered}"
            );
        }
    }

    #[test]
    fn error_fits_by_its_case_or_with_what_it_holds() {
        let refused = json!({ "invalid-key": "007" });
        assert!(error_fits(&json!("invalid-key"), &refused));
        assert!(error_fits(&refused, &refused));
        assert!(!error_fits(&json!({ "invalid-key": "7" }), &refused));
        assert!(!error_fits(&json!("invalid-value"), &refused));
        let failed = json!({ "backend": { "unavailable": "in words" } });
        assert!(error_fits(&json!({ "backend": "unavailable" }), &failed));
        assert!(!error_fits(&json!({ "backend": "timeout" }), &failed));
        assert!(error_fits(
            &json!({ "backend": "timeout" }),
            &json!({ "backend": "timeout" })
        ));
    }
}
