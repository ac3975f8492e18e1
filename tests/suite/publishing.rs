//! The WIT package that is published, and what `flipcache.wasm` promises by it.

use std::collections::BTreeSet;
use std::path::Path;

use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::{PackageId, Resolve};

/// The unstable feature that the side door stands behind.
const DOOR: &str = "driver";

#[test]
fn wit_encoded_and_decoded_equals_the_files() {
    let (resolve, package) = contract(&[DOOR]);
    let (decoded, main) = published();
    let names = |resolve: &Resolve| -> BTreeSet<String> {
        let packages = resolve.packages.iter();
        packages
            .map(|(_, package)| package.name.to_string())
            .collect()
    };
    assert_eq!(
        names(&decoded),
        names(&resolve),
        "it brings the packages that it names"
    );
    assert_eq!(text(&decoded, main), text(&resolve, package));
}

#[test]
fn wit_has_the_version_of_the_release_that_changed_it_last() {
    let (resolve, package) = contract(&[]);
    let name = &resolve.packages[package].name;
    assert_eq!((&*name.namespace, &*name.name), ("flipcache", "cache"));
    let version = name.version.as_ref().expect("the contract has a version");
    let release = env!("CARGO_PKG_VERSION").parse();
    let release = release.expect("a crate's version is a semantic one");
    assert!(
        version.cmp_precedence(&release).is_le(),
        "{version} would be published by the release {release}"
    );
}

#[test]
fn wit_published_and_read_without_the_feature_has_no_side_door() {
    let (interfaces, worlds) = offered(&read_published(&[]));
    let public = ["cache", "coherence", "collections", "kv-backend", "types"];
    assert_eq!(interfaces, public.map(str::to_owned).into());
    let public = ["app", "flipcache", "middleware"];
    assert_eq!(worlds, public.map(str::to_owned).into());
}

#[test]
fn wit_published_and_read_with_the_feature_has_the_side_door() {
    let (public_interfaces, public_worlds) = offered(&read_published(&[]));
    let (interfaces, worlds) = offered(&read_published(&[DOOR]));
    let more: Vec<_> = interfaces.difference(&public_interfaces).collect();
    assert_eq!(more, ["driver", "window"]);
    let more: Vec<_> = worlds.difference(&public_worlds).collect();
    assert_eq!(more, ["component"]);
}

#[test]
fn component_satisfies_the_world_it_is_published_for() {
    for world in ["flipcache", "component"] {
        fits(world).unwrap_or_else(|error| panic!("it must fit the world {world}: {error:?}"));
    }
}

#[test]
fn component_is_refused_for_a_world_without_its_imports() {
    let refused = fits("app").expect_err("the cache is no application");
    let refused = format!("{refused:#}");
    assert!(refused.contains("missing import"), "not for: {refused}");
}

#[test]
fn component_is_refused_for_a_world_with_more_exports() {
    let (mut resolve, contract) = contract(&[DOOR]);
    let name = resolve.packages[contract].name.clone();
    let more = name.interface_id("types");
    let base = name.interface_id("flipcache");
    let world = format!("package test:test; world more {{ include {base}; export {more}; }}");
    let package = resolve.push_str("more.wit", &world);
    let package = package.expect("the world must parse");
    let world = resolve.select_world(&[package], None);
    let world = world.expect("the package has one world");
    let refused = wit_component::targets(&resolve, world, flipcache::COMPONENT);
    let refused = format!("{:#}", refused.expect_err("the cache does not export that"));
    assert!(refused.contains("missing export"), "not for: {refused}");
}

/// Returns whether a host that brings what the world imports can use the file as that world.
fn fits(world: &str) -> anyhow::Result<()> {
    let (resolve, package) = contract(&[DOOR]);
    let world = resolve.select_world(&[package], Some(world))?;
    wit_component::targets(&resolve, world, flipcache::COMPONENT)
}

/// `wit/`, with these unstable features.
fn contract(features: &[&str]) -> (Resolve, PackageId) {
    let mut resolve = with_features(features);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wit");
    let (package, _) = resolve.push_dir(folder).expect("wit/ must parse");
    (resolve, package)
}

/// Returns the binary form of `wit/`, decoded.
fn published() -> (Resolve, PackageId) {
    let (resolve, package) = contract(&[DOOR]);
    let bytes = wit_component::encode(&resolve, package).expect("the package must be encoded");
    let decoded = wit_component::decode(&bytes).expect("what was encoded must be decoded");
    let DecodedWasm::WitPackage(decoded, main) = decoded else {
        panic!("a WIT package must not be taken for a component");
    };
    (decoded, main)
}

/// What a consumer's tools read, who unpack the published package as text into their `deps`.
fn read_published(features: &[&str]) -> (Resolve, PackageId) {
    let (decoded, main) = published();
    let mut resolve = with_features(features);
    let others = decoded.packages.iter().map(|(id, _)| id);
    let others: Vec<_> = others.filter(|id| *id != main).collect();
    let mut printer = WitPrinter::default();
    printer
        .print(&decoded, main, &others)
        .expect("the package must be printed");
    let text = String::from(printer.output);
    let package = resolve
        .push_str("published.wit", &text)
        .expect("what was printed must parse");
    (resolve, package)
}

fn with_features(features: &[&str]) -> Resolve {
    Resolve {
        features: features.iter().map(|&name| name.to_owned()).collect(),
        ..Resolve::default()
    }
}

/// Returns the names of a package's interfaces and worlds.
fn offered((resolve, package): &(Resolve, PackageId)) -> (BTreeSet<String>, BTreeSet<String>) {
    let package = &resolve.packages[*package];
    (
        package.interfaces.keys().cloned().collect(),
        package.worlds.keys().cloned().collect(),
    )
}

/// Returns a package as text, docs and gates with it.
fn text(resolve: &Resolve, package: PackageId) -> String {
    let mut printer = WitPrinter::default();
    printer
        .print(resolve, package, &[])
        .expect("the package must be printed");
    printer.output.into()
}
