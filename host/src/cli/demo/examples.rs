//! The examples, in the order of the original's README.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};
use flipcache::{Error, Expiry, Options, Order, Value, ValueType};

use super::shape::Shape;
use super::{Demo, Example, Show, show};
use crate::cli::path::Cache;

pub(super) const EXAMPLES: &[Example] = &[
    Example {
        title: "Basic",
        run: basic,
    },
    Example {
        title: "Expiring",
        run: expiring,
    },
    Example {
        title: "JSON",
        run: json,
    },
    Example {
        title: "Custom type",
        run: custom,
    },
    Example {
        title: "FIFO dictionary",
        run: fifo,
    },
    Example {
        title: "LRU dictionary",
        run: lru,
    },
];

fn basic(demo: &mut Demo) -> Result<()> {
    let cache = demo.open("basic", Options::default())?;
    let text = |text: &str| Value::Text(text.into());
    show!(demo, cache.set("my_key", text("my_value"), Expiry::Inherit));
    show!(demo, get(&cache, "my_key") => "my_value");
    show!(demo, get(&cache, "other_key") => "none");
    show!(demo, cache.contains("my_key") => "true");
    Ok(())
}

fn expiring(demo: &mut Demo) -> Result<()> {
    let ttl = Some(Duration::from_millis(50));
    let cache = demo.open(
        "expiring",
        Options {
            ttl,
            ..Options::default()
        },
    )?;
    demo.code("let cache = open(Options { ttl: Some(Duration::from_millis(50)), .. })")?;
    let text = |text: &str| Value::Text(text.into());
    show!(demo, cache.set("my_key", text("my_value"), Expiry::Inherit));
    demo.code("sleep(Duration::from_millis(60))")?;
    sleep(Duration::from_millis(60));
    show!(demo, get(&cache, "my_key") => "none");
    Ok(())
}

fn json(demo: &mut Demo) -> Result<()> {
    let default = Some(Value::Json("{\"state\": 0}".into()));
    let options = Options {
        value_type: ValueType::Json,
        default,
        ..Options::default()
    };
    let cache = demo.open("json", options)?;
    demo.code("let cache = open(Options { value_type: Json, default: {\"state\": 0}, .. })")?;
    let json = |text: &str| Value::Json(text.into());
    show!(
        demo,
        cache.set(
            "user",
            json("{\"state\": 1, \"bar\": true, \"baz\": []}"),
            Expiry::Inherit
        )
    );
    show!(demo, get(&cache, "user") => "{\"state\": 1, \"bar\": true, \"baz\": []}");
    show!(
        demo,
        cache.set(
            "user",
            json("{\"state\": 2, \"bar\": false}"),
            Expiry::Inherit
        )
    );
    show!(demo, get(&cache, "user") => "{\"state\": 2, \"bar\": false}");
    show!(demo, get(&cache, "nobody") => "{\"state\": 0}");
    Ok(())
}

fn custom(demo: &mut Demo) -> Result<()> {
    let cache = demo.open("custom", Options::default())?;
    let womp = Shape {
        name: "womp".into(),
        dimensions: vec![4.1, 3.4],
        edges: 6,
        area: 16.38,
    };
    demo.code(
        "let womp = Shape { name: \"womp\", dimensions: [4.1, 3.4], edges: 6, area: 16.38 }",
    )?;
    show!(
        demo,
        cache.set("123", Value::Text(womp.encode()), Expiry::Inherit)
    );
    show!(demo, get(&cache, "123") => "womp||[4.1, 3.4]||6||16.38");
    show!(demo, shape(&cache, "123") => "Shape(womp, [4.1, 3.4], 6, 16.38)");
    Ok(())
}

fn fifo(demo: &mut Demo) -> Result<()> {
    let dict = demo.caches.open_dict(Order::Fifo, 3)?;
    demo.code("let dict = open_dict(Order::Fifo, 3)")?;
    show!(demo, dict.update(numbered(["a", "b", "c"])));
    show!(demo, dict.keys() => "[a, b, c]");
    show!(demo, dict.set("d", Value::Integer(4)));
    show!(demo, dict.keys() => "[b, c, d]");
    Ok(())
}

fn lru(demo: &mut Demo) -> Result<()> {
    let dict = demo.caches.open_dict(Order::Lru, 3)?;
    demo.code("let dict = open_dict(Order::Lru, 3)")?;
    show!(demo, dict.update(numbered(["a", "b", "c"])));
    show!(demo, dict.get("a") => "1");
    show!(demo, dict.set("d", Value::Integer(4)));
    show!(demo, dict.keys() => "[c, a, d]");
    Ok(())
}

fn get(cache: &Cache, key: &str) -> Result<Option<Value>, Error> {
    Ok(cache.get(key)?.value)
}

/// Reads a shape through the wire form.
fn shape(cache: &Cache, key: &str) -> Result<Shape> {
    match get(cache, key)? {
        Some(Value::Text(wire)) => wire.parse(),
        other => bail!("no shape is there, but {}", other.show()),
    }
}

fn numbered(keys: [&str; 3]) -> Vec<(String, Value)> {
    let numbers = (1..).map(Value::Integer);
    keys.map(str::to_owned).into_iter().zip(numbers).collect()
}

impl Show for Shape {
    fn show(&self) -> String {
        self.to_string()
    }
}
