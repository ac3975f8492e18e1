//! Applies a patch to the files that it changes.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use diffy::patch_set::{FileOperation, ParseOptions, PatchSet};

/// Returns the patched files by path in the workspace.
pub(crate) fn patched(workspace: &Path, name: &str) -> HashMap<PathBuf, String> {
    let file = workspace.join(format!("tests/checker/mutants/{name}.patch"));
    let text = fs::read_to_string(&file).expect("the patch must exist");
    let mut patched = HashMap::new();
    for part in PatchSet::parse(&text, ParseOptions::unidiff()) {
        let part =
            part.unwrap_or_else(|error| panic!("{name}.patch is not a unified diff: {error}"));
        let FileOperation::Modify { modified, .. } = part.operation().strip_prefix(1) else {
            panic!("{name}.patch may only modify files");
        };
        let path = PathBuf::from(modified.as_ref());
        let before = fs::read_to_string(workspace.join(&path))
            .unwrap_or_else(|error| panic!("{name}.patch: {}: {error}", path.display()));
        let part = part.patch().as_text().expect("the files are text");
        let after = diffy::apply(&before, part).unwrap_or_else(|error| {
            panic!(
                "{name}.patch does not apply to {} ({error}): renew it as tests/checker/mutants/README.md says",
                path.display()
            )
        });
        patched.insert(path, after);
    }
    assert!(!patched.is_empty(), "{name}.patch changes nothing");
    patched
}

/// Checks that all patches apply, without a build: fast feedback on changes of the patched code.
#[test]
fn patched_every_patch_applies() {
    let workspace = super::copy::workspace();
    let folder = workspace.join("tests/checker/mutants");
    let mut count = 0;
    for entry in fs::read_dir(folder).expect("the patches must exist") {
        let path = entry.expect("the folder must be listed").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "patch")
        {
            let name = path
                .file_stem()
                .expect("the file has a name")
                .to_string_lossy();
            patched(&workspace, &name);
            count += 1;
        }
    }
    assert_eq!(count, 6, "each has a test");
}
