//! The page of the guide, as it is committed.

use std::fs;
use std::path::Path;

use flipcache_bench_page::Page;
use tempfile::TempDir;

#[test]
fn guide_has_every_block_and_every_plot_that_it_shows() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src");
    let text = fs::read_to_string(source.join("benchmarks.md"));
    let text = text.expect("the page must be there");
    let folder = TempDir::new().expect("a folder must be made");
    let copy = folder.path().join("benchmarks.md");
    fs::write(&copy, &text).expect("a copy must be written");
    for block in ["figures", "hit ratios"] {
        let replaced = Page::new(&copy).replace(block, "other");
        replaced.expect("programs must find their blocks");
    }
    let mut plots = 0;
    for line in text.lines().filter(|line| line.starts_with("![")) {
        let (_, path) = line.rsplit_once("](").expect("a picture has a path");
        let plot = source.join(path.trim_end_matches(')'));
        assert!(plot.is_file(), "commit {}", plot.display());
        plots += 1;
    }
    assert!(plots > 0, "that of the hit ratios is there");
}
