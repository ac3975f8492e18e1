//! Finds a Rust toolchain that can build for [`TARGET`].

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

/// The component's target: it has no system interface, so that the only imports are the WIT's own.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The directory of a Rust that the distribution installed.
const SYSTEM: &str = "/usr/bin";

/// A cargo and a rustc, and the source of the target's standard library.
pub(crate) struct Toolchain {
    pub(crate) cargo: PathBuf,
    rustc: PathBuf,
    std: Std,
}

enum Std {
    /// It is installed.
    Ready,
    /// It is built from the toolchain's own source and linked by this linker.
    Source { linker: PathBuf },
}

impl Toolchain {
    /// Returns the toolchain in use if it has the target. Otherwise returns the system's with the
    /// source of std (on Debian 12 `rustc-web` and related packages), for machines where rustup
    /// cannot fetch the target.
    pub(crate) fn find() -> Result<Self> {
        let own = Self {
            cargo: env::var_os("CARGO")
                .unwrap_or_else(|| "cargo".into())
                .into(),
            rustc: env::var_os("RUSTC")
                .unwrap_or_else(|| "rustc".into())
                .into(),
            std: Std::Ready,
        };
        if has_target(&own.rustc)? {
            return Ok(own);
        }
        if let Some(system) = Self::system(&own.rustc) {
            return Ok(system);
        }
        bail!(
            "{} has no standard library for {TARGET}: run `make setup`, or `rustup target add {TARGET}`",
            own.rustc.display(),
        )
    }

    fn system(own_rustc: &Path) -> Option<Self> {
        let cargo = Path::new(SYSTEM).join("cargo");
        let rustc = Path::new(SYSTEM).join("rustc");
        let source = sysroot(&rustc)?.join("lib/rustlib/src/rust/library/Cargo.lock");
        if !cargo.exists() || !source.exists() {
            return None;
        }
        // `rust-lld` comes with rustup's toolchains, `wasm-ld` with Debian's package `lld`.
        let own_linker = Path::new("lib/rustlib")
            .join(env::var_os("HOST")?)
            .join("bin/rust-lld");
        let linker = [
            sysroot(own_rustc)?.join(own_linker),
            Path::new(SYSTEM).join("wasm-ld"),
        ];
        let linker = linker.into_iter().find(|linker| linker.exists())?;
        Some(Self {
            cargo,
            rustc,
            std: Std::Source { linker },
        })
    }

    /// Makes `cargo build` use this toolchain.
    pub(crate) fn configure(&self, cargo: &mut Command) {
        cargo.env("RUSTC", &self.rustc);
        let Std::Source { linker } = &self.std else {
            return;
        };
        // The system's linker and libraries come before those of the toolchain that runs this
        // script.
        let mut path = OsString::from(SYSTEM);
        if let Some(rest) = env::var_os("PATH") {
            path.push(":");
            path.push(rest);
        }
        cargo
            .arg("-Zbuild-std=std,panic_abort")
            .env("RUSTC_BOOTSTRAP", "1")
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker)
            .env("PATH", path)
            .env_remove("LD_LIBRARY_PATH")
            .env_remove("RUSTUP_TOOLCHAIN");
    }
}

fn has_target(rustc: &Path) -> Result<bool> {
    let dir = print(rustc, &["--print=target-libdir", "--target", TARGET])?;
    // A rustc without the target names the directory nevertheless.
    let Ok(files) = fs::read_dir(dir) else {
        return Ok(false);
    };
    Ok(files
        .flatten()
        .any(|file| file.file_name().to_string_lossy().starts_with("libstd-")))
}

fn sysroot(rustc: &Path) -> Option<PathBuf> {
    print(rustc, &["--print=sysroot"]).ok()
}

/// Returns the path that rustc prints.
fn print(rustc: &Path, args: &[&str]) -> Result<PathBuf> {
    let output = Command::new(rustc)
        .args(args)
        .output()
        .with_context(|| format!("cannot start {}", rustc.display()))?;
    if !output.status.success() {
        bail!(
            "{} {} failed: {}",
            rustc.display(),
            args.join(" "),
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(PathBuf::from(
        String::from_utf8_lossy(&output.stdout).trim(),
    ))
}
