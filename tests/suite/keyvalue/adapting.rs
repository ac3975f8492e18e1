//! Which applications the provider is composed into, and what is said of those that ask for more.

use std::borrow::Cow;
use std::collections::BTreeSet;

use flipcache::wasi_keyvalue::{AdaptError, BACKEND, BACKEND_DRAFT2, PROVIDER, adapt};
use flipcache_tests::components::{COMMAND_APP, KEYVALUE_COMMAND, KEYVALUE_PROXY};
use wit_component::{ComponentEncoder, DecodedWasm, StringEncoding, dummy_module};
use wit_parser::{ManglingAndAbi, Resolve};

use super::composition::{cache_over_wasi_keyvalue, cache_over_wasi_keyvalue_draft2};

/// What a package of ours needs of the standard one beside `store` and `batch`.
const ATOMICS: &str = "
    package wasi:keyvalue@0.2.0-draft2;

    interface store {
        variant error { no-such-store, access-denied, other(string) }
        resource bucket {
            get: func(key: string) -> result<option<list<u8>>, error>;
        }
        open: func(identifier: string) -> result<bucket, error>;
    }

    interface atomics {
        use store.{bucket, error};
        increment: func(bucket: borrow<bucket>, key: string, delta: s64) -> result<s64, error>;
    }

    interface watcher {
        use store.{bucket};
        on-delete: func(bucket: bucket, key: string);
    }

    /// As it was before 2026.
    interface batch {
        use store.{bucket, error};
        get-many: func(bucket: borrow<bucket>, keys: list<string>) -> result<list<option<tuple<string, list<u8>>>>, error>;
    }
";

/// A component that has these in its world, and does nothing.
fn stranger(items: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let pushed = resolve.push_str("keyvalue.wit", ATOMICS);
    pushed.expect("it must be WIT");
    let world = format!("package test:stranger; world stranger {{ {items} }}");
    let package = resolve.push_str("stranger.wit", &world);
    let package = package.expect("it must be WIT");
    let world = resolve.select_world(&[package], None);
    let world = world.expect("there is one");
    let mut module = dummy_module(&resolve, world, ManglingAndAbi::Standard32);
    wit_component::embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("it must be embedded");
    let encoder = ComponentEncoder::default().module(&module);
    let component = encoder.expect("it is a module").encode();
    component.expect("it must be a component")
}

/// The names of a component's imports and exports.
fn interfaces(file: &[u8]) -> [BTreeSet<String>; 2] {
    let decoded = wit_component::decode(file).expect("the file must be a component");
    let DecodedWasm::Component(resolve, world) = decoded else {
        panic!("the file must be a component, not a WIT package");
    };
    let world = &resolve.worlds[world];
    [&world.imports, &world.exports].map(|items| {
        let names = items.keys().map(|key| resolve.name_world_key(key));
        names.collect()
    })
}

fn file(path: &str) -> Vec<u8> {
    std::fs::read(path).expect("it must be there")
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn adapters_import_and_export_what_they_say() {
    let types = "flipcache:cache/types@0.1.0";
    let (cache, kv) = ("flipcache:cache/cache@0.1.0", "flipcache:cache/kv-backend@0.1.0");
    let [first, second] = ["0.2.0-draft", "0.2.0-draft2"].map(|version| {
        ["store", "batch"].map(|interface| format!("wasi:keyvalue/{interface}@{version}"))
    });
    let [imports, exports] = interfaces(PROVIDER);
    assert_eq!(imports, names([cache, types]), "look for a std call that needs WASI");
    assert_eq!(exports, first.iter().chain(&second).cloned().collect());
    for (adapter, [store, batch]) in [(BACKEND, &first), (BACKEND_DRAFT2, &second)] {
        let [imports, exports] = interfaces(adapter);
        let clock = "wasi:clocks/wall-clock@0.2.0";
        assert_eq!(imports, names([types, clock, store, batch]));
        assert_eq!(exports, names([kv]));
    }
}

#[test]
fn cache_with_a_backend_plugged_in_imports_clocks_and_the_standard_interface() {
    for (composed, version) in [
        (cache_over_wasi_keyvalue(), "0.2.0-draft"),
        (cache_over_wasi_keyvalue_draft2(), "0.2.0-draft2"),
    ] {
        let [imports, exports] = interfaces(&composed);
        let standard = ["store", "batch"].map(|name| format!("wasi:keyvalue/{name}@{version}"));
        let [store, batch] = &standard;
        let expected = names([
            "flipcache:cache/types@0.1.0",
            "wasi:clocks/monotonic-clock@0.2.0",
            "wasi:clocks/wall-clock@0.2.0",
            store,
            batch,
        ]);
        assert_eq!(imports, expected);
        let [_, of_the_cache] = interfaces(flipcache::COMPONENT);
        assert_eq!(exports, of_the_cache);
    }
}

#[test]
fn adapt_application_of_either_draft_imports_the_cache_in_the_place_of_the_standard_interface() {
    for path in [KEYVALUE_COMMAND, KEYVALUE_PROXY] {
        let application = file(path);
        let adapted = adapt(&application).expect("it must be adapted");
        let [before, exports] = interfaces(&application);
        let [after, exports_after] = interfaces(&adapted);
        assert_eq!(exports_after, exports);
        let is_standard = |name: &&String| name.starts_with("wasi:keyvalue/");
        assert_eq!(before.iter().filter(is_standard).count(), 2);
        let mut expected: BTreeSet<String> = before.into_iter().collect();
        expected.retain(|name| !is_standard(&name));
        expected.extend(names(["flipcache:cache/cache@0.1.0", "flipcache:cache/types@0.1.0"]));
        assert_eq!(after, expected);
    }
}

#[test]
fn adapt_application_that_asks_for_the_cache_itself_stays_as_it_is() {
    let application = file(COMMAND_APP);
    let adapted = adapt(&application).expect("there is nothing to do");
    assert!(matches!(adapted, Cow::Borrowed(bytes) if bytes == application));
}

#[test]
fn adapt_application_that_asks_for_more_names_all_that_is_missing() {
    let asking = stranger(
        "import wasi:keyvalue/store@0.2.0-draft2;
         import wasi:keyvalue/batch@0.2.0-draft2;
         import wasi:keyvalue/atomics@0.2.0-draft2;",
    );
    let Err(AdaptError::Missing(missing)) = adapt(&asking) else {
        panic!("it must be refused");
    };
    let mut interfaces: Vec<&str> = missing.iter().map(|missing| &*missing.interface).collect();
    interfaces.sort_unstable();
    let expected = ["wasi:keyvalue/atomics@0.2.0-draft2", "wasi:keyvalue/batch@0.2.0-draft2"];
    assert_eq!(interfaces, expected);
    let words = AdaptError::Missing(missing).to_string();
    for word in ["conditional writes", "another form"] {
        assert!(words.contains(word), "{words}");
    }
}

#[test]
fn adapt_application_that_wants_to_be_told_of_changes_is_refused() {
    let watching = stranger("export wasi:keyvalue/watcher@0.2.0-draft2;");
    let refused = adapt(&watching).expect_err("nobody would call it");
    let words = refused.to_string();
    assert!(words.contains("watcher@0.2.0-draft2"), "{words}");
}

#[test]
fn adapt_what_is_no_component_is_an_error() {
    for bytes in [&b""[..], b"text", b"\0asm\x01\0\0\0", &PROVIDER[..1_000]] {
        let refused = adapt(bytes);
        assert!(
            matches!(refused, Err(AdaptError::NotAComponent(_))),
            "{refused:?}"
        );
    }
}
