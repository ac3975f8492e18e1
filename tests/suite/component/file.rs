//! The component file itself.

use std::collections::BTreeSet;

use wit_component::DecodedWasm;

#[test]
fn component_imports_the_capability_its_types_and_the_clock_and_nothing_else() {
    let decoded =
        wit_component::decode(flipcache::COMPONENT).expect("the file must be a component");
    let DecodedWasm::Component(resolve, world) = decoded else {
        panic!("the file must be a component, not a WIT package");
    };
    let world = &resolve.worlds[world];
    let names = |items: Vec<_>| -> BTreeSet<String> {
        items
            .into_iter()
            .map(|key| resolve.name_world_key(key))
            .collect()
    };
    let imports = names(world.imports.keys().collect());
    let allowed = [
        "flipcache:cache/kv-backend@0.1.0",
        "flipcache:cache/types@0.1.0",
        "wasi:clocks/monotonic-clock@0.2.0",
    ];
    assert_eq!(
        imports,
        allowed.map(str::to_owned).into(),
        "look for a std call that needs WASI"
    );
    let exports = names(world.exports.keys().collect());
    let promised = [
        "flipcache:cache/cache@0.1.0",
        "flipcache:cache/coherence@0.1.0",
        "flipcache:cache/collections@0.1.0",
        // The side door.
        "flipcache:cache/driver@0.1.0",
        "flipcache:cache/window@0.1.0",
    ];
    assert_eq!(exports, promised.map(str::to_owned).into());
}

#[test]
fn component_imports_of_the_clock_only_now() {
    let decoded =
        wit_component::decode(flipcache::COMPONENT).expect("the file must be a component");
    let DecodedWasm::Component(resolve, _) = decoded else {
        panic!("the file must be a component, not a WIT package");
    };
    let clock = resolve
        .interfaces
        .iter()
        .find(|(_, interface)| interface.name.as_deref() == Some("monotonic-clock"));
    let (_, clock) = clock.expect("the clock must be imported");
    let functions: Vec<_> = clock.functions.keys().collect();
    assert_eq!(
        functions,
        ["now"],
        "a host should need to bring no more than `now`"
    );
}
