//! Arbitrary calls of an application: they return, fail or trap, and never read, change or list
//! keys of another tenant.

use flipcache::app::Grant;
use pollster::block_on;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::world::{Platform, Running, acme, tenant};
use crate::stores::{bucket, in_memory};

/// What nobody else may learn.
const SECRET: &str = "what globex alone may read";

#[derive(Clone, Debug)]
enum Call {
    Get(String, String),
    GetMany(String, Vec<String>),
    Set(String, String, String),
    Scan(String, Option<String>, u32),
    Len(String),
    Clear(String),
    Fill(String, u32, u32, u32),
    KeepHandles(u32),
    ForgeCache(u32),
    ForgeDict(u32),
    UseAfterClose,
    Confuse,
}

const WAYS: [&str; 15] = [
    "",
    ":",
    "user",
    "user:k",
    "globex",
    "globex:user",
    ":globex:user",
    "acme",
    "acme:user",
    "../globex:user",
    "*",
    "[^a]*",
    "\0",
    "acme:..:globex:user",
    "\u{202e}globex",
];

/// Names and keys that lead elsewhere, if any do, and others.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => proptest::sample::select(&WAYS[..]).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => (0..3_000_usize).prop_map(|len| "n".repeat(len)),
    ]
}

fn call() -> impl Strategy<Value = Call> {
    let cursor = proptest::option::of(prop_oneof![
        text(),
        any::<u64>().prop_map(|at| at.to_string())
    ]);
    prop_oneof![
        6 => (text(), text()).prop_map(|(name, key)| Call::Get(name, key)),
        2 => (text(), vec(text(), 0..20)).prop_map(|(name, keys)| Call::GetMany(name, keys)),
        6 => (text(), text(), text()).prop_map(|(name, key, value)| Call::Set(name, key, value)),
        4 => (text(), cursor, any::<u32>()).prop_map(|(name, at, limit)| Call::Scan(name, at, limit)),
        2 => text().prop_map(Call::Len),
        2 => text().prop_map(Call::Clear),
        1 => (text(), any::<u32>(), 0..50_u32, 0..5_000_u32)
            .prop_map(|(name, max, keys, size)| Call::Fill(name, max, keys, size)),
        1 => (0..2_000_u32).prop_map(Call::KeepHandles),
        1 => any::<u32>().prop_map(Call::ForgeCache),
        1 => any::<u32>().prop_map(Call::ForgeDict),
        1 => Just(Call::UseAfterClose),
        1 => Just(Call::Confuse),
    ]
}

/// Returns the output of the application; `None` if it trapped.
fn make(running: &mut Running, call: &Call) -> Option<String> {
    let told = match call {
        Call::Get(name, key) => running.call("get", (&**name, &**key)),
        Call::GetMany(name, keys) => running.call("get-many", (&**name, &**keys)),
        Call::Set(name, key, value) => running.call("set", (&**name, &**key, &**value)),
        Call::Scan(name, cursor, limit) => {
            running.call("scan", (&**name, cursor.as_deref(), *limit))
        }
        Call::Len(name) => running.call("len", (&**name,)),
        Call::Clear(name) => running.call("clear", (&**name,)),
        Call::Fill(name, local_max, keys, size) => {
            running.call("fill", (&**name, *local_max, *keys, *size))
        }
        Call::KeepHandles(amount) => running.call("keep-handles", (*amount,)),
        Call::ForgeCache(handle) => return Some(running.die("forge-cache", (*handle,))),
        Call::ForgeDict(handle) => return Some(running.die("forge-dict", (*handle,))),
        Call::UseAfterClose => return Some(running.die("use-after-close", ())),
        Call::Confuse => return Some(running.die("confuse", ())),
    };
    told.ok()
}

/// Returns whether the call may have trapped the application.
fn is_the_end(call: &Call) -> bool {
    let forged = matches!(call, Call::ForgeCache(_) | Call::ForgeDict(_));
    forged || matches!(call, Call::UseAfterClose | Call::Confuse)
}

#[test]
fn any_calls_do_not_affect_another_tenant() {
    let backend = in_memory().backend;
    let platform = Platform::over(backend.clone());
    let mut bystander = platform.run(&Grant::builder(tenant("globex")).build());
    assert_eq!(bystander.tell("set", ("user", "k", SECRET)), "()");
    let globex = bucket("globex");
    let mut runner = TestRunner::new(Config::with_cases(64));
    let ran = runner.run(&vec(call(), 1..40), |calls| {
        let grant = acme().max_names(usize::MAX).build();
        let mut hostile = platform.run(&grant);
        for call in &calls {
            let told = make(&mut hostile, call);
            let learnt = told.as_ref().is_some_and(|told| told.contains(SECRET));
            prop_assert!(!learnt, "{:?} told what is another's", call);
            if told.is_none() || is_the_end(call) {
                hostile = platform.run(&grant);
            }
        }
        let keys = block_on(backend.scan(&globex, None, 1_000)).expect("the store must reply");
        prop_assert_eq!(keys.keys, ["user:k"], "what is another's was changed");
        Ok(())
    });
    ran.unwrap_or_else(|failure| panic!("{failure}"));
    let found = bystander.tell("get", ("user", "k"));
    assert!(found.contains(SECRET), "{found}");
}
