//! A shard of the core: any steps of any drivers. The rules that are checked after each of them stand in the
//! core's own model.

#![no_main]

use flipcache_core::model::{Setup, Step, run};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Setup, Vec<Step>)| {
    let (setup, steps) = input;
    run(setup, steps);
});
