//! The files of the middlewares, alone and composed with the cache.

use std::collections::BTreeSet;

use flipcache_tests::plugged;
use wit_component::DecodedWasm;

use super::{PASS_THROUGH, ZSTD};

/// Returns the names of a component's imports and exports.
fn interfaces(file: &[u8]) -> [BTreeSet<String>; 2] {
    let decoded = wit_component::decode(file).expect("the file must be a component");
    let DecodedWasm::Component(resolve, world) = decoded else {
        panic!("the file must be a component, not a WIT package");
    };
    let world = &resolve.worlds[world];
    [&world.imports, &world.exports].map(|items| {
        items
            .keys()
            .map(|key| resolve.name_world_key(key))
            .collect()
    })
}

#[test]
fn middleware_imports_buckets_and_types_and_exports_buckets() {
    for file in [PASS_THROUGH, ZSTD] {
        let [imports, exports] = interfaces(file);
        let allowed = [
            "flipcache:cache/kv-backend@0.1.0",
            "flipcache:cache/types@0.1.0",
        ];
        assert_eq!(
            imports,
            allowed.map(str::to_owned).into(),
            "look for a std call that needs WASI"
        );
        assert_eq!(exports, [allowed[0].to_owned()].into());
    }
}

#[test]
fn plug_leaves_the_imports_and_exports_of_the_cache() {
    let composed = plugged(flipcache::COMPONENT, ZSTD);
    assert_eq!(interfaces(&composed), interfaces(flipcache::COMPONENT));
    let twice = plugged(&composed, PASS_THROUGH);
    assert_eq!(interfaces(&twice), interfaces(flipcache::COMPONENT));
}
