//! The cases, as `tests/conformance/README.md` describes them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value as Json};

/// A case and its full name.
pub(crate) struct Named {
    /// `file/case`.
    pub(crate) name: String,
    pub(crate) case: Case,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "about")]
    _about: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    name: String,
    #[serde(default)]
    pub(crate) needs: Vec<Need>,
    pub(crate) steps: Vec<Step>,
}

/// A need of a case that a host may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Need {
    Clock,
    ExternalWrites,
    WrongType,
    Faults,
    Coherence,
    Changes,
    SetIfAbsent,
    Increment,
    Expire,
    ExtendTtl,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Step {
    Open(Open),
    OpenDict(OpenDict),
    Call(Call),
    List(List),
    Coherence(Coherence),
    Store(StoreStep),
    Wait(Wait),
    Fail(Fail),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Open {
    pub(crate) open: String,
    pub(crate) name: String,
    pub(crate) options: Map<String, Json>,
    pub(crate) resilience: Option<Map<String, Json>>,
    pub(crate) error: Option<Json>,
    #[serde(default, rename = "expect-calls")]
    pub(crate) expect_calls: Vec<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct OpenDict {
    pub(crate) open_dict: String,
    pub(crate) order: String,
    pub(crate) max_items: u32,
    pub(crate) error: Option<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Call {
    /// `HANDLE.METHOD`.
    pub(crate) call: String,
    pub(crate) with: Vec<Json>,
    /// `null` is a return value, too.
    #[serde(default, deserialize_with = "present")]
    pub(crate) returns: Option<Json>,
    pub(crate) error: Option<Json>,
    #[serde(default, rename = "expect-calls")]
    pub(crate) expect_calls: Vec<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    pub(crate) list: String,
    pub(crate) limit: u32,
    pub(crate) returns: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coherence {
    pub(crate) coherence: String,
    pub(crate) with: Vec<Json>,
    #[serde(default, rename = "expect-calls")]
    pub(crate) expect_calls: Vec<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoreStep {
    pub(crate) store: String,
    pub(crate) with: Vec<Json>,
    #[serde(default, deserialize_with = "present")]
    pub(crate) returns: Option<Json>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Wait {
    pub(crate) wait_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Fail {
    #[serde(deserialize_with = "present")]
    pub(crate) fail: Option<Json>,
    #[serde(default)]
    pub(crate) though_done: bool,
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Json>, D::Error> {
    Json::deserialize(from).map(Some)
}

/// Reads all cases, in the order of their file names.
pub(crate) fn all() -> Result<Vec<Named>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance");
    let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {folder:?}"))?;
    let files = entries.map(|entry| Ok(entry?.path()));
    let mut files: Vec<_> = files.collect::<Result<_>>()?;
    files.retain(|file| file.extension().is_some_and(|it| it == "json"));
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let read = || {
            let File { cases, .. } = serde_json::from_slice(&fs::read(&file)?)?;
            anyhow::Ok(cases)
        };
        let stem = file.file_stem().unwrap_or_default().to_string_lossy();
        let named = read().with_context(|| format!("cannot read {}", file.display()))?;
        cases.extend(named.into_iter().map(|case| Named {
            name: format!("{stem}/{}", case.name),
            case,
        }));
    }
    Ok(cases)
}
