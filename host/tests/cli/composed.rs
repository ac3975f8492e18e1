//! Applications that the cache was composed into.

use std::path::Path;

use flipcache_tests::plugged;

/// Writes the application with the cache plugged into it, as `wac plug` does; the path of the file.
pub(crate) fn composed(file: &str, folder: &Path) -> String {
    let app = std::fs::read(file).expect("the file must be there");
    let path = folder.join("composed.wasm");
    std::fs::write(&path, plugged(&app, flipcache::COMPONENT)).expect("it must be written");
    path.to_str().expect("a plain path").to_owned()
}
