//! Copies the examples, which this package's build script has built, to a folder: `make examples`.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use flipcache_tests::examples::{PRIMES, SHORTENER, WORD_COUNT};

fn main() -> Result<()> {
    let folder = env::args_os()
        .nth(1)
        .map(PathBuf::from)
        .context("usage: build-examples FOLDER")?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    for (file, name) in [
        (PRIMES, "primes.wasm"),
        (SHORTENER, "shortener.wasm"),
        (WORD_COUNT, "word-count.wasm"),
    ] {
        let copy = folder.join(name);
        fs::copy(file, &copy).with_context(|| format!("cannot write {}", copy.display()))?;
        println!("{}", copy.display());
    }
    Ok(())
}
