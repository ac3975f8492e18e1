//! Builds a guest by a nested cargo and encodes the module as a component.

use std::path::Path;
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Context, Result, ensure};
use wit_component::ComponentEncoder;

use crate::toolchain::{TARGET, Toolchain};

/// Variables of cargo that the nested cargo keeps: paths, and the job slots that it shares with the
/// outer cargo. The others belong to the outer build (its features, flags, wrappers, target
/// directory) and must not reach the guest.
const KEPT: [&str; 7] = [
    "CARGO_HOME",
    "CARGO_HTTP_",
    "CARGO_MAKEFLAGS",
    "CARGO_NET_",
    "CARGO_REGISTRIES_",
    "CARGO_REGISTRY_",
    "CARGO_SOURCE_",
];

/// A package of the workspace that becomes a component.
pub(crate) struct Guest {
    /// Its name.
    pub(crate) package: &'static str,
    /// The sources besides the workspace's own manifest, relative to the workspace.
    pub(crate) sources: &'static [&'static str],
}

impl Guest {
    /// Builds the component in the profile `guest`, whatever the outer profile.
    pub(crate) fn build(&self, workspace: &Path, out_dir: &Path) -> Result<Vec<u8>> {
        for source in ["Cargo.lock", "Cargo.toml"].iter().chain(self.sources) {
            println!(
                "cargo::rerun-if-changed={}",
                workspace.join(source).display()
            );
        }
        let module = self.compile(workspace, out_dir)?;
        encode(&module).context("cannot encode the module as a component")
    }

    fn compile(&self, workspace: &Path, out_dir: &Path) -> Result<Vec<u8>> {
        // OUT_DIR is <target>/<profile>/build/<crate>/out. One directory serves all profiles. It is
        // not <target> itself, because the outer cargo holds its lock until this script ends.
        let target_dir = out_dir
            .ancestors()
            .nth(4)
            .unwrap_or(out_dir)
            .join("guest-build");
        let toolchain = Toolchain::find()?;
        let mut cargo = Command::new(&toolchain.cargo);
        forget_outer_build(&mut cargo);
        cargo
            .current_dir(workspace)
            // With the other crate types in the manifest, cargo would not use link-time
            // optimization.
            .args(["rustc", "--lib", "--crate-type=cdylib"])
            .args(["--profile=guest", "--locked"])
            .args(["--package", self.package, "--target", TARGET])
            .arg("--target-dir")
            .arg(&target_dir)
            .env("CARGO_BUILD_BUILD_DIR", &target_dir)
            .env("CARGO_ENCODED_RUSTFLAGS", rustflags())
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        toolchain.configure(&mut cargo);
        // Its stderr is this script's: cargo shows it when the script fails, and always with -vv.
        let status = cargo
            .status()
            .with_context(|| format!("cannot start {}", toolchain.cargo.display()))?;
        ensure!(
            status.success(),
            "the nested cargo failed ({status}); its messages are above"
        );

        let name = self.package.replace('-', "_") + ".wasm";
        let module = target_dir.join(TARGET).join("guest").join(name);
        fs::read(&module).with_context(|| format!("cannot read {}", module.display()))
    }
}

fn encode(module: &[u8]) -> Result<Vec<u8>> {
    ComponentEncoder::default()
        .validate(true)
        .module(module)?
        .encode()
}

fn forget_outer_build(cargo: &mut Command) {
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        let of_build = ["CARGO", "DEP_", "RUSTC", "RUSTDOC", "RUSTFLAGS"]
            .iter()
            .any(|prefix| text.starts_with(prefix));
        if of_build && !KEPT.iter().any(|kept| text.starts_with(kept)) {
            cargo.env_remove(name);
        }
    }
}

/// Returns the only flags. A set variable also overrides the flags of the user's configuration
/// files, which are meant for programs of this machine. So the component does not depend on the
/// home directory of its build.
fn rustflags() -> String {
    let cargo_home = env::var_os("CARGO_HOME")
        .map(Into::into)
        .or_else(|| Some(env::home_dir()?.join(".cargo")));
    match cargo_home {
        Some(home) => format!("--remap-path-prefix={}=/cargo", home.display()),
        None => String::new(),
    }
}
