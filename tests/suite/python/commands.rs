//! What each asks Redis: section 5, row by row. The keys are the same; where the commands are not,
//! their effect on others is.

use std::time::Duration;

use flipcache::component::Cache;
use flipcache::{Options, ValueType};

use super::meeting::{Ours, meet, unkept};
use super::monitor::Monitor;
use super::peer::Peer;
use crate::component::world::{all_keys, get, set, text};
use crate::stores::foreign;

/// How this cache asks for a value and its TTL, which are of one moment.
const READ: &str = "MULTI\nGET n:k\nPTTL n:k\nEXEC";

fn for_a_minute() -> Options {
    Options {
        ttl: Some(Duration::from_secs(60)),
        ..unkept(ValueType::Text)
    }
}

/// What one row is about.
struct Row<'a> {
    options: Options,
    call: fn(&Cache),
    /// The same options and the same call in Python.
    opening: &'a str,
    source: &'a str,
    /// Whether Redis holds a value from the start.
    is_there: bool,
}

/// Returns the commands of this cache during its call, and those of Python.
fn asked(python: &mut Peer, ours: &Ours, row: Row<'_>) -> [String; 2] {
    let mut monitor = Monitor::of(&ours.server);
    let cache = ours.open("n", row.options);
    python.run(&format!("c = cache('n', {})", row.opening));
    assert_eq!(monitor.commands(), "", "opening asks nothing");
    let prepare = |monitor: &mut Monitor<'_>| {
        let () = foreign(&ours.server, &["FLUSHALL"]);
        if row.is_there {
            let () = foreign(&ours.server, &["SET", "n:k", "v", "EX", "100"]);
        }
        monitor.commands();
    };
    prepare(&mut monitor);
    (row.call)(&cache);
    let here = monitor.commands();
    prepare(&mut monitor);
    python.run(row.source);
    [here, monitor.commands()]
}

fn read(cache: &Cache) {
    get(cache, "k");
}

/// Rows `construct` and the two of `set`. The TTL goes with the value, in milliseconds here.
#[test]
fn set_is_one_command_with_the_ttl() {
    meet(|python, ours| {
        for (options, opening, here, there) in [
            (unkept(ValueType::Text), "", "SET n:k v", "SET n:k v"),
            (
                for_a_minute(),
                "expire_time=60",
                "SET n:k v PX 60000",
                "SET n:k v EX 60",
            ),
        ] {
            let row = Row {
                options,
                call: |cache| set(cache, "k", "v"),
                opening,
                source: "c['k'] = 'v'",
                is_there: false,
            };
            assert_eq!(asked(python, ours, row), [here, there]);
        }
    });
}

/// Rows `get, L2 hit` with neither, either and both of TTL and flag; also sections 2.2 and 9.5.
#[test]
fn get_from_l2_extends_a_partly_elapsed_ttl_if_enabled() {
    let flagged = |options| Options {
        refresh_ttl_on_get: true,
        ..options
    };
    let flag = "refresh_expire_time_on_get=True";
    let both = format!("expire_time=60, {flag}");
    let getex = format!("{READ}\nGETEX n:k PX 60000");
    let expire = "GET n:k\nEXPIRE n:k 60";
    let lasting = unkept(ValueType::Text);
    meet(|python, ours| {
        for (options, opening, here, there) in [
            (lasting.clone(), "", READ, "GET n:k"),
            (for_a_minute(), "expire_time=60", READ, "GET n:k"),
            (flagged(lasting), flag, READ, "GET n:k"),
            (flagged(for_a_minute()), both.as_str(), &*getex, expire),
        ] {
            let row = Row {
                options,
                call: read,
                opening,
                source: "c['k']",
                is_there: true,
            };
            assert_eq!(asked(python, ours, row), [here, there], "{opening}");
        }
    });
}

/// Rows `get, in L1`, `in, in L1`, `repr` and `.local`.
#[test]
fn get_and_contains_in_the_local_tier_send_no_command() {
    meet(|python, ours| {
        let cache = ours.open("n", Options::default());
        python.run("c = cache('n')");
        set(&cache, "k", "v");
        python.run("c['k'] = 'v'");
        let mut monitor = Monitor::of(&ours.server);
        read(&cache);
        assert!(cache.contains("k").expect("the cache must answer"));
        cache.local_get("k").expect("the local tier must answer");
        cache.local_keys().expect("the local tier must answer");
        python.run("(c['k'], 'k' in c, repr(c), c.local)");
        assert_eq!(monitor.commands(), "");
    });
}

/// Rows `get, missing`. This cache writes its default only where nothing is, and only if told.
#[test]
fn get_absent_key_writes_the_default_only_if_enabled() {
    let defaulting = Options {
        default: Some(text("d")),
        ..for_a_minute()
    };
    let storing = Options {
        store_default: true,
        ..defaulting.clone()
    };
    let stored = format!("{READ}\nMULTI\nSET n:k d NX PX 60000\nGET n:k\nPTTL n:k\nEXEC");
    let default = "value_default='d', expire_time=60";
    let replaced = "GET n:k\nSET n:k d EX 60";
    meet(|python, ours| {
        for (options, opening, here, there) in [
            (for_a_minute(), "", READ, "GET n:k"),
            (defaulting, default, READ, replaced),
            (storing, default, stored.as_str(), replaced),
        ] {
            let row = Row {
                options,
                call: read,
                opening,
                source: "c['k']",
                is_there: false,
            };
            assert_eq!(asked(python, ours, row), [here, there], "{opening}");
        }
    });
}

/// Rows `get, stored empty string, default D` and `get, default ""`; section 9.6: an empty value is
/// read.
#[test]
fn get_empty_value_is_one_command() {
    meet(|_, ours| {
        for default in ["d", ""] {
            let storing = Options {
                default: Some(text(default)),
                store_default: true,
                ..unkept(ValueType::Text)
            };
            let cache = ours.open("n", storing);
            set(&cache, "k", "");
            let mut monitor = Monitor::of(&ours.server);
            assert_eq!(get(&cache, "k").0, Some(text("")));
            assert_eq!(monitor.commands(), READ, "default {default:?}");
        }
    });
}

/// Rows `in, else` and `del`.
#[test]
fn contains_and_delete_are_the_same_commands() {
    let contains: fn(&Cache) = |cache| {
        cache.contains("k").expect("L2 must answer");
    };
    let delete: fn(&Cache) = |cache| {
        cache.delete(&["k".into()]).expect("L2 must delete");
    };
    meet(|python, ours| {
        for (call, source, command) in [
            (contains, "'k' in c", "EXISTS n:k"),
            (delete, "del c['k']", "DEL n:k"),
        ] {
            for is_there in [true, false] {
                let row = Row {
                    options: unkept(ValueType::Text),
                    call,
                    opening: "",
                    source,
                    is_there,
                };
                assert_eq!(asked(python, ours, row), [command; 2]);
            }
        }
    });
}

/// Rows `refresh`. This cache answers whether the key is there, so without a TTL it asks for that.
#[test]
fn refresh_sets_the_ttl_of_the_same_key() {
    let expire = "MULTI\nPEXPIRE n:k 60000\nEXEC";
    meet(|python, ours| {
        for (options, opening, here, there) in [
            (for_a_minute(), "expire_time=60", expire, "EXPIRE n:k 60"),
            (unkept(ValueType::Text), "", "EXISTS n:k", ""),
        ] {
            let row = Row {
                options,
                call: |cache| {
                    cache.refresh("k").expect("L2 must answer");
                },
                opening,
                source: "c.refresh('k')",
                is_there: true,
            };
            assert_eq!(asked(python, ours, row), [here, there]);
        }
    });
}

/// Rows `len` and iteration: `SCAN` of the same pattern, in larger steps here; never `KEYS`.
#[test]
fn keys_and_len_scan_the_same_pattern() {
    let list: fn(&Cache) = |cache| {
        all_keys(cache);
    };
    let count: fn(&Cache) = |cache| {
        cache.len().expect("L2 must count");
    };
    meet(|python, ours| {
        for (call, source, here, there) in [
            (list, "[key for key in c]", " COUNT 16", ""),
            (count, "len(c)", " COUNT 1024", " COUNT 100"),
        ] {
            let row = Row {
                options: unkept(ValueType::Text),
                call,
                opening: "",
                source,
                is_there: true,
            };
            let scan = |count| format!("SCAN 0 MATCH n:*{count}");
            assert_eq!(asked(python, ours, row), [scan(here), scan(there)]);
        }
    });
}
