//! An application that is written against the world `app`, and knows nothing of who provides it.
//!
//! - `run` and `tour`: what a well-behaved application does, as text.
//! - `calls`: single calls, for tests to put together.
//! - `hostile`: what an application does to harm its host.
#![cfg(target_arch = "wasm32")]

mod bindings;

mod calls;

mod hostile;

mod run;

mod tour;

use bindings::flipcache::cache::cache::{Eviction, KeyType, Options, ValueType};

/// Implements the exports of the generated code.
struct App;

impl bindings::Guest for App {
    fn run(key: String) -> Result<Vec<String>, String> {
        run::run(&key).map_err(|error| format!("{error:?}"))
    }

    fn tour(name: String) -> Vec<String> {
        tour::tour(&name)
    }

    fn get(name: String, key: String) -> String {
        told(calls::get(&name, &key))
    }

    fn get_many(name: String, keys: Vec<String>) -> String {
        told(calls::get_many(&name, &keys))
    }

    fn set(name: String, key: String, value: String) -> String {
        told(calls::set(&name, &key, &value))
    }

    fn scan(name: String, cursor: Option<String>, limit: u32) -> String {
        told(calls::scan(&name, cursor.as_deref(), limit))
    }

    fn len(name: String) -> String {
        told(calls::len(&name))
    }

    fn clear(name: String) -> String {
        told(calls::clear(&name))
    }

    fn fill(name: String, local_max: u32, keys: u32, size: u32) -> String {
        told(calls::fill(&name, local_max, keys, size))
    }

    fn open_names(amount: u32) -> String {
        hostile::open_names(amount)
    }

    fn keep_handles(amount: u32) -> String {
        hostile::keep_handles(amount)
    }

    fn giant_batch(keys: u32) -> String {
        told(hostile::giant_batch(keys))
    }

    fn giant_value(size: u32) -> String {
        hostile::giant_value(size)
    }

    fn fill_dicts() -> String {
        hostile::fill_dicts()
    }

    fn fill_dict_with_nothing() -> String {
        hostile::fill_dict_with_nothing()
    }

    fn forge_cache(handle: u32) {
        hostile::forge_cache(handle);
    }

    fn forge_dict(handle: u32) {
        hostile::forge_dict(handle);
    }

    fn use_after_close() {
        hostile::use_after_close();
    }

    fn confuse() {
        hostile::confuse();
    }

    fn spin() {
        hostile::spin();
    }

    fn hoard() {
        hostile::hoard();
    }
}

/// Returns an answer or an error, in text.
fn told<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Result<T, E>) -> String {
    match answer {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{error:?}"),
    }
}

fn options() -> Options {
    Options {
        local_max: 10,
        local_max_bytes: None,
        eviction: Eviction::Fifo,
        ttl_ms: None,
        refresh_ttl_on_get: false,
        key_type: KeyType::Text,
        value_type: ValueType::Text,
        default: None,
        store_default: false,
    }
}
