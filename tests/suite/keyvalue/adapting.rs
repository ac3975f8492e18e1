//! Which applications the provider is composed into, and what is said of those that ask for more.

use std::borrow::Cow;
use std::collections::BTreeSet;

use flipcache::wasi_keyvalue::{AdaptError, BACKEND, BACKEND_DRAFT2, PROVIDER, adapt};
use flipcache_tests::components::{COMMAND_APP, KEYVALUE_COMMAND, KEYVALUE_PROXY};
use wit_component::DecodedWasm;

use super::composition::{cache_over_wasi_keyvalue, cache_over_wasi_keyvalue_draft2};

/// An instance type without functions, which every instance fits.
const NOTHING: &[u8] = &[0x42, 0];

/// One with the function `get-many` without parameters and results.
const ANOTHER_FORM: &[u8] = b"\x42\x02\x01\x40\0\x01\0\x04\0\x08get-many\x01\0";

/// A component that imports instances, exports some of them again under other names, and does
/// nothing.
fn stranger(imports: &[(&str, &[u8])], exports: &[(&str, u8)]) -> Vec<u8> {
    let count = |items: usize| u8::try_from(items).expect("they are few");
    let section = |number: u8, items: usize, bytes: Vec<u8>| {
        let len = count(bytes.len() + 1);
        assert!(len < 0x80, "a longer one has its length in two bytes");
        [vec![number, len, count(items)], bytes].concat()
    };
    let name = |name: &str| [&[0, count(name.len())], name.as_bytes()].concat();
    let types = imports.iter().map(|(_, instance)| *instance);
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    component.extend(section(
        7,
        imports.len(),
        types.collect::<Vec<_>>().concat(),
    ));
    for (number, (import, _)) in imports.iter().enumerate() {
        let import = [name(import), vec![5, count(number)]].concat();
        component.extend(section(10, 1, import));
    }
    for (export, instance) in exports {
        let export = [name(export), vec![5, *instance, 0]].concat();
        component.extend(section(11, 1, export));
    }
    component
}

/// Returns the names of a component's imports and exports.
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
fn adapters_import_and_export_the_documented_interfaces() {
    let types = "flipcache:cache/types@0.1.0";
    let (cache, kv) = (
        "flipcache:cache/cache@0.1.0",
        "flipcache:cache/kv-backend@0.1.0",
    );
    let [first, second] = ["0.2.0-draft", "0.2.0-draft2"].map(|version| {
        ["store", "batch"].map(|interface| format!("wasi:keyvalue/{interface}@{version}"))
    });
    let [imports, exports] = interfaces(PROVIDER);
    assert_eq!(
        imports,
        names([cache, types]),
        "look for a std call that needs WASI"
    );
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
        let cache = ["flipcache:cache/cache@0.1.0", "flipcache:cache/types@0.1.0"];
        expected.extend(names(cache));
        assert_eq!(after, expected);
    }
}

#[test]
fn adapt_application_that_imports_the_cache_is_unchanged() {
    let application = file(COMMAND_APP);
    let adapted = adapt(&application).expect("there is nothing to do");
    assert!(matches!(adapted, Cow::Borrowed(bytes) if bytes == application));
}

#[test]
fn adapt_application_that_imports_more_names_all_that_is_missing() {
    let (atomics, batch) = (
        "wasi:keyvalue/atomics@0.2.0-draft2",
        "wasi:keyvalue/batch@0.2.0-draft2",
    );
    let store = "wasi:keyvalue/store@0.2.0-draft2";
    let imports = [(store, NOTHING), (batch, ANOTHER_FORM), (atomics, NOTHING)];
    let Err(AdaptError::Unsupported(missing)) =
        adapt(&stranger(&imports, &[])).map(Cow::into_owned)
    else {
        panic!("it must be refused");
    };
    let interfaces: Vec<&str> = missing.iter().map(|missing| &*missing.interface).collect();
    assert_eq!(interfaces, [batch, atomics]);
    let words = AdaptError::Unsupported(missing).to_string();
    for word in ["conditional writes", "differs from"] {
        assert!(words.contains(word), "{words}");
    }
}

#[test]
fn adapt_application_for_another_draft_lists_the_supported_ones() {
    for store in ["wasi:keyvalue/store@0.1.0", "wasi:keyvalue/store"] {
        let refused = adapt(&stranger(&[(store, NOTHING)], &[])).expect_err("there is none");
        let words = refused.to_string();
        assert!(
            words.contains(store) && words.contains("0.2.0-draft2"),
            "{words}"
        );
    }
}

#[test]
fn adapt_application_that_imports_watcher_is_refused() {
    let watcher = "wasi:keyvalue/watcher@0.2.0-draft2";
    let watching = stranger(&[("test:x/y", NOTHING)], &[(watcher, 0)]);
    let refused = adapt(&watching).expect_err("the host does not call it");
    assert!(refused.to_string().contains(watcher), "{refused}");
}

#[test]
fn adapt_application_that_imports_a_part_gets_only_that() {
    let store = "wasi:keyvalue/store@0.2.0-draft";
    let other = "test:x/y";
    let application = stranger(&[(store, NOTHING), (other, NOTHING)], &[("test:x/z", 1)]);
    let adapted = adapt(&application).expect("it must be adapted");
    let [imports, exports] = interfaces(&adapted);
    let expected = [
        "flipcache:cache/cache@0.1.0",
        "flipcache:cache/types@0.1.0",
        other,
    ];
    assert_eq!((imports, exports), (names(expected), names(["test:x/z"])));
}

#[test]
fn adapt_application_that_imports_the_cache_as_well_imports_it_once() {
    let (store, cache) = (
        "wasi:keyvalue/store@0.2.0-draft2",
        "flipcache:cache/cache@0.1.0",
    );
    let application = stranger(&[(store, NOTHING), (cache, NOTHING)], &[]);
    let adapted = adapt(&application).expect("it must be adapted");
    let [imports, _] = interfaces(&adapted);
    assert_eq!(imports, names([cache, "flipcache:cache/types@0.1.0"]));
}

#[test]
fn adapt_file_that_is_not_a_component_is_an_error() {
    for bytes in [&b""[..], b"text", b"\0asm\x01\0\0\0", &PROVIDER[..1_000]] {
        let refused = adapt(bytes);
        assert!(
            matches!(refused, Err(AdaptError::NotAComponent(_))),
            "{refused:?}"
        );
    }
}
