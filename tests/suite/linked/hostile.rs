//! Hostile applications get errors or trap. Other applications are not affected.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use flipcache::app::Grant;
use flipcache_tests::RedisServer;

use super::world::{Platform, Running, acme, tenant};
use crate::stores::{connect, foreign};

/// Returns an application that minds its own business.
fn bystander(platform: &Platform) -> Running {
    let mut bystander = platform.run(&Grant::builder(tenant("globex")).build());
    bystander.tell("set", ("user", "k", "v"));
    bystander
}

#[track_caller]
fn assert_unharmed(bystander: &mut Running) {
    let found = bystander.tell("get", ("user", "k"));
    assert!(
        found.contains("\"v\"") && found.contains("Source::Local"),
        "{found}"
    );
    assert_eq!(bystander.tell("set", ("user", "other", "v")), "()");
}

#[test]
fn any_call_with_a_forged_handle_ends_the_application() {
    let platform = Platform::new();
    let grant = acme().build();
    let mut bystander = bystander(&platform);
    for handle in [0, 1, 2, 3, 7, 1 << 20, u32::MAX] {
        let died = platform.run(&grant).die("forge-cache", (handle,));
        assert!(died.contains("handle"), "{died}");
        let died = platform.run(&grant).die("forge-dict", (handle,));
        assert!(died.contains("handle"), "{died}");
    }
    assert_unharmed(&mut bystander);
}

#[test]
fn any_call_with_a_closed_handle_or_another_kind_ends_the_application() {
    let platform = Platform::new();
    let grant = acme().build();
    platform.run(&grant).die("use-after-close", ());
    platform.run(&grant).die("confuse", ());
    let told = platform.run(&grant).tell("set", ("user", "k", "v"));
    assert_eq!(told, "()", "its next instance works");
}

#[tokio::test]
async fn forged_handle_or_giant_batch_in_an_asynchronous_store_has_the_same_outcome() {
    let platform = Platform::new();
    let grant = acme().build();
    let mut running = platform.run_async(&grant).await;
    let batch = running.call_async::<_, String>("giant-batch", (100_000_u32,));
    let told = batch.await.expect("it must not trap");
    assert!(told.starts_with("Error::Denied"), "{told}");
    let died = running.die_async("forge-cache", (7_u32,)).await;
    assert!(died.contains("handle"), "{died}");

    let mut next = platform.run_async(&grant).await;
    let written = next.call_async::<_, String>("set", ("user", "k", "v"));
    assert_eq!(written.await.expect("it must not trap"), "()");
}

#[test]
fn dictionaries_more_than_granted_are_refused() {
    let platform = Platform::new();
    let grant = acme().max_handles(3).build();
    let told = platform.run(&grant).tell("fill-dicts", ());
    assert_eq!(told, "3, then Error::TooLarge(16777216)");
}

/// The host takes in no more than the store's `hostcall_fuel`, whatever the grant.
#[test]
fn giant_batch_is_denied_or_ends_the_application() {
    let platform = Platform::new();
    let mut bystander = bystander(&platform);
    let grant = acme().build();
    let told = platform.run(&grant).tell("giant-batch", (100_000_u32,));
    assert!(told.starts_with("Error::Denied"), "{told}");

    let mut running = platform.run(&grant);
    running.store.set_hostcall_fuel(1 << 20);
    let died = running.call::<_, String>("giant-batch", (100_000_u32,));
    assert!(died.is_err(), "{died:?}");
    assert_unharmed(&mut bystander);
}

#[test]
fn thousand_names_and_handles_are_denied() {
    let platform = Platform::new();
    let mut bystander = bystander(&platform);
    let mut running = platform.run(&acme().build());
    let told = running.tell("open-names", (1_000_u32,));
    assert!(told.starts_with("16, then Error::Denied"), "{told}");
    let told = running.tell("keep-handles", (1_000_u32,));
    assert!(told.starts_with("0, then Error::Denied"), "{told}");
    assert_unharmed(&mut bystander);
}

#[test]
fn filling_dictionaries_stops_at_the_grant() {
    let platform = Platform::new();
    let mut bystander = bystander(&platform);
    let told = platform.run(&acme().build()).tell("fill-dicts", ());
    assert_eq!(told, "15, then Error::TooLarge(16777216)");
    assert_unharmed(&mut bystander);
}

#[test]
fn hoarding_memory_ends_the_application() {
    let platform = Platform::new();
    let mut bystander = bystander(&platform);
    platform.run(&acme().build()).die("hoard", ());
    assert_unharmed(&mut bystander);
}

#[test]
fn endless_loop_ends_at_its_deadline_while_other_applications_continue() {
    let platform = Platform::new();
    let mut bystander = bystander(&platform);
    let mut running = platform.run(&acme().build());
    running.store.set_epoch_deadline(1);
    let over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            running.die("spin", ());
            over.store(true, Ordering::SeqCst);
        });
        assert_unharmed(&mut bystander);
        while !over.load(Ordering::SeqCst) {
            platform.engine.increment_epoch();
            thread::yield_now();
        }
    });
    assert_unharmed(&mut bystander);
}

/// What an instance had open when it died, its store takes along.
#[test]
fn handles_of_a_trapped_application_are_closed() {
    let platform = Platform::new();
    let grant = acme().build();
    platform.run(&grant).die("use-after-close", ());
    let integers = platform.client.cache("acme:closed").integers::<i64>();
    integers
        .open()
        .expect("all handles of type text are closed");
}

/// A name that begins where another one ends has to be listened to in its place, which takes a new
/// connection and costs everybody what is in the local tiers.
#[test]
fn names_that_nest_adversarially_do_not_affect_other_applications() {
    let server = RedisServer::start();
    let runtime = flipcache::io::runtime().expect("a runtime must start");
    let _entered = runtime.enter();
    let platform = Platform::over(connect(&server.url()));
    let mut bystander = bystander(&platform);
    let connections = || -> String {
        let info: String = foreign(&server, &["INFO", "stats"]);
        let ours = info
            .lines()
            .find(|line| line.starts_with("total_connections_received"));
        ours.expect("the server counts them").to_owned()
    };
    // Each time of asking is a connection, too.
    let before = connections();
    let mut hostile = platform.run(&acme().build());
    for outer in ["a", "b", "c"] {
        for name in [
            format!("{outer}:x:y"),
            format!("{outer}:x"),
            outer.to_owned(),
        ] {
            assert_eq!(hostile.tell("set", (&*name, "k", "v")), "()");
        }
    }
    assert_unharmed(&mut bystander);
    let number = |line: &str| {
        line.rsplit(':')
            .next()
            .and_then(|number| number.parse().ok())
    };
    let (before, after): (Option<u64>, Option<u64>) = (number(&before), number(&connections()));
    assert_eq!(
        after,
        before.map(|before| before + 1),
        "no connection may be replaced"
    );
}
