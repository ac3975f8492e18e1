//! The cache over what wasmtime itself provides: `wasmtime-wasi-keyvalue`.

use wasmtime::component::ResourceTable;
use wasmtime_wasi_keyvalue::{WasiKeyValue, WasiKeyValueCtx, WasiKeyValueCtxBuilder};

use super::cache::{Cache, Draft, Expiry, Options, strings, text, with_l1, without_l1};
use super::clock::{Clock, START};

struct Data {
    keyvalue: WasiKeyValueCtx,
    table: ResourceTable,
}

/// Over a store that holds what was there before.
fn over(before: &[(&str, &[u8])], clock: &Clock, options: &Options) -> Cache<Data> {
    let before = before.iter().map(|(key, value)| (*key, *value));
    let data = Data {
        keyvalue: WasiKeyValueCtxBuilder::new().in_memory_data(before).build(),
        table: ResourceTable::new(),
    };
    let cache = Cache::open(Draft::First, data, clock, options, |linker| {
        wasmtime_wasi_keyvalue::add_to_linker(linker, |data: &mut Data| {
            WasiKeyValue::new(&data.keyvalue, &mut data.table)
        })
    });
    cache.expect("it must open")
}

#[test]
fn every_call_returns() {
    for options in [without_l1(), with_l1()] {
        let clock = Clock::new();
        let mut cache = over(&[("user:0", b"Eve"), ("other:1", b"x")], &clock, &options);
        assert_eq!(cache.get("0"), Ok(Some(text("Eve"))), "it was there before");
        assert_eq!(cache.set("1", &text("Ada"), Expiry::Inherit), Ok(()));
        let entries = ["2", "3"].map(|key| (key.to_owned(), text("Bob")));
        assert_eq!(cache.set_many(&entries, Expiry::AfterMs(1_000)), Ok(()));
        let values = cache.get_many(&strings(["1", "none", "2"]));
        assert_eq!(values, Ok(vec![Some(text("Ada")), None, Some(text("Bob"))]));
        assert_eq!(cache.ttl("2"), Ok(Some(Expiry::AfterMs(1_000))));
        assert_eq!(cache.len(), Ok(4));
        clock.pass(1_000);
        assert_eq!(cache.get("2"), Ok(None));
        let page = cache.keys(None, 10).expect("it must be listed");
        assert_eq!((page.keys, page.cursor), (strings(["0", "1"]), None));
        assert_eq!(cache.delete_many(&strings(["0", "2"])), Ok(1));
        assert_eq!(cache.contains("0"), Ok(false));
        assert_eq!(cache.clear(), Ok(1));
        assert_eq!(cache.len(), Ok(0));
    }
}

#[test]
fn get_value_of_another_instance_expires_at_its_deadline() {
    let clock = Clock::new();
    let (deadline, ttl) = ((START + 500).to_be_bytes(), 9_000u64.to_be_bytes());
    let before = [b"\xffFC\x01", &deadline[..], &ttl, b"Ada"].concat();
    let mut cache = over(&[("user:1", &before)], &clock, &with_l1());
    assert_eq!(cache.get("1"), Ok(Some(text("Ada"))));
    clock.pass(500);
    assert_eq!(cache.get("1"), Ok(None));
}
