//! Stores come and go; the local tiers behind them stay.

use flipcache::app::Grant;

use super::world::{Platform, acme, tenant};
use crate::faulty_backend::{Fault, FaultyBackend};
use crate::stores::in_memory;

#[test]
fn get_in_a_second_store_is_a_local_hit() {
    let platform = Platform::new();
    let grant = acme().build();
    let mut first = platform.run(&grant);
    assert_eq!(first.tell("set", ("user", "k", "v")), "()");
    drop(first);

    let found = platform.run(&grant).tell("get", ("user", "k"));
    assert!(
        found.contains("\"v\"") && found.contains("Source::Local"),
        "{found}"
    );
}

#[test]
fn set_by_one_application_removes_no_entry_of_another() {
    let platform = Platform::new();
    let (acme, globex) = (acme().build(), Grant::builder(tenant("globex")).build());
    let (mut acme, mut globex) = (platform.run(&acme), platform.run(&globex));
    acme.tell("set", ("user", "k", "acme's"));
    globex.tell("set", ("user", "k", "globex's"));
    globex.tell("clear", ("user",));

    let found = acme.tell("get", ("user", "k"));
    assert!(
        found.contains("\"acme's\"") && found.contains("Source::Local"),
        "{found}"
    );
    let found = globex.tell("get", ("user", "k"));
    assert!(found.contains("Source::None"), "{found}");
}

#[test]
fn client_of_the_platform_shares_the_entries_of_its_applications() {
    let platform = Platform::new();
    let mut running = platform.run(&acme().build());
    running.tell("set", ("user", "k", "v"));
    let own = platform.client.cache("acme:user").open();
    let own = own.expect("it must open").blocking();
    assert_eq!(own.get("k").expect("no error").as_deref(), Some("v"));

    own.set("k", "new").expect("no error");
    let found = running.tell("get", ("user", "k"));
    assert!(found.contains("\"new\""), "{found}");
}

/// A write that has begun goes on to its end though the application is gone.
#[tokio::test(flavor = "multi_thread")]
async fn set_in_a_store_that_is_dropped_meanwhile_completes() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let platform = Platform::over(faulty.clone());
    let grant = acme().build();
    let mut running = platform.run_async(&grant).await;
    faulty.set_fault(Fault::Waits);
    let writing = tokio::spawn(async move {
        let params = ("user", "k", "v");
        running.call_async::<_, String>("set", params).await
    });
    faulty.wait_for_calls(1).await;
    writing.abort();
    assert!(writing.await.is_err(), "it must be gone");
    faulty.set_fault(Fault::Off);
    faulty.release(1);

    // A read of the platform's own client boards behind the write, or finds what it left.
    let cache = platform.client.cache("acme:user").open();
    let cache = cache.expect("it must open");
    let start = std::time::Instant::now();
    while cache.get("k").await.expect("no error").is_none() {
        assert!(start.elapsed() < crate::stores::PATIENCE);
        tokio::task::yield_now().await;
    }
}

/// While one application waits for L2, another's hits are answered.
#[tokio::test(flavor = "multi_thread")]
async fn get_of_another_application_while_l2_hangs_is_a_local_hit() {
    let faulty = FaultyBackend::over(in_memory().backend);
    let platform = Platform::over(faulty.clone());
    let mut other = platform
        .run_async(&Grant::builder(tenant("globex")).build())
        .await;
    let params = ("user", "k", "v");
    let written: String = other.call_async("set", params).await.expect("no trap");
    assert_eq!(written, "()");

    faulty.calls();
    faulty.set_fault(Fault::Waits);
    let mut stuck = platform.run_async(&acme().build()).await;
    let reading =
        tokio::spawn(async move { stuck.call_async::<_, String>("get", ("user", "k")).await });
    faulty.wait_for_calls(1).await;
    let found: String = other
        .call_async("get", ("user", "k"))
        .await
        .expect("it must not trap");
    assert!(found.contains("Source::Local"), "{found}");

    faulty.release(1);
    let found = reading.await.expect("no panic").expect("no trap");
    assert!(found.contains("Source::None"), "{found}");
}
