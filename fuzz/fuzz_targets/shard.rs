//! A shard of the core under any steps of any drivers. The core's own model checks the invariants
//! after each step.

#![no_main]

use flipcache_core::model::{Setup, Step, run};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (Setup, Vec<Step>)| {
    let (setup, steps) = input;
    run(setup, steps);
});
