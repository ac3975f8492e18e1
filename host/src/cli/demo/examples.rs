//! The examples, in the order of the original's README.

use std::thread::sleep;
use std::time::Duration;

use anyhow::{Result, bail};
use flipcache::{Expiry, KeyType, Options, Order, Value, ValueType, et};

use super::shape::Shape;
use super::{Demo, Example, Show, show};
use crate::cli::engine::Cache;

const INHERIT: Expiry = Expiry::Inherit;

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
    let cache = demo.open("my_cache", Options::default())?;
    demo.code("let cache = open(\"my_cache\")")?;
    show!(demo, cache.set("my_key", text("my_value"), INHERIT));
    show!(demo, get(&cache, "my_key") => "my_value");
    show!(demo, get(&cache, "unknown") => "None");
    show!(demo, cache.contains("my_key") => "true");
    Ok(())
}

fn expiring(demo: &mut Demo) -> Result<()> {
    let options = Options {
        local_max: 0,
        ttl: Some(Duration::from_secs(5)),
        ..Options::default()
    };
    let expiring_cache = demo.open("expiring", options)?;
    demo.code("let expiring_cache = open(\"expiring\", local_max: 0, ttl: 5 s)")?;
    show!(
        demo,
        expiring_cache.set("data", text("This will expire"), INHERIT)
    );
    demo.code("sleep(6 s)")?;
    sleep(Duration::from_secs(6));
    show!(demo, get(&expiring_cache, "data") => "None");
    Ok(())
}

fn json(demo: &mut Demo) -> Result<()> {
    let options = Options {
        local_max: 100,
        ttl: Some(et::THREE_DAYS),
        value_type: ValueType::Json,
        ..Options::default()
    };
    let user_data = demo.open("user_data", options)?;
    demo.code("let user_data = open(\"user_data\", local_max: 100, ttl: et::THREE_DAYS, value_type: Json)")?;
    let json = |text: &str| Value::Json(text.into());
    let data =
        r#"{"state": 1, "orders": [1, 2, 3, 4], "items": {"foo": 1, "bar": true, "baz": []}}"#;
    demo.code(&format!("let data = {data}"))?;
    show!(demo, user_data.set("some-uuid", json(data), INHERIT));
    show!(demo, get(&user_data, "some-uuid") =>
        r#"{"state": 1, "orders": [1, 2, 3, 4], "items": {"foo": 1, "bar": true, "baz": []}}"#);
    let data =
        r#"{"state": 2, "orders": [1, 2, 3, 4], "items": {"foo": 1, "bar": false, "baz": []}}"#;
    demo.code(&format!("let data = {data}"))?;
    show!(demo, user_data.set("some-uuid", json(data), INHERIT));
    show!(demo, get(&user_data, "some-uuid") =>
        r#"{"state": 2, "orders": [1, 2, 3, 4], "items": {"foo": 1, "bar": false, "baz": []}}"#);
    show!(demo, user_data.delete(&["some-uuid".into()]));
    show!(demo, get(&user_data, "some-uuid") => "None");
    Ok(())
}

fn custom(demo: &mut Demo) -> Result<()> {
    let my_shape = Shape {
        name: "womp".into(),
        dimensions: vec![4.1, 3.4],
        edges: 6,
        area: 16.38,
    };
    demo.code(&format!("let my_shape = {my_shape}"))?;
    let shape2 = Shape::rectangle("wat", [11.0, 22.0]);
    demo.code("let shape2 = Shape(name='wat', dimensions=[11, 22])")?;
    let options = Options {
        local_max: 0,
        key_type: KeyType::Integer,
        default: Some(encoded(&Shape::default())),
        ..Options::default()
    };
    let custom = demo.open("custom", options)?;
    demo.code("let custom = open(\"custom\", local_max: 0, key_type: Integer, default: Shape())")?;
    show!(demo, custom.set("123", encoded(&my_shape), INHERIT));
    show!(demo, custom.set("456", encoded(&shape2), INHERIT));
    show!(demo, shape(&custom, "123") =>
        "Shape(name='womp', dimensions=[4.1, 3.4], edges=6, area=16.38)");
    show!(demo, shape(&custom, "321") =>
        "Shape(name='default', dimensions=[], edges=0, area=0.0)");
    show!(demo, shape(&custom, "456") =>
        "Shape(name='wat', dimensions=[11.0, 22.0], edges=0, area=242.0)");
    Ok(())
}

fn fifo(demo: &mut Demo) -> Result<()> {
    let cache = demo.caches.open_dict(Order::Fifo, 3)?;
    demo.code("let cache = open_dict(Order::Fifo, 3)")?;
    show!(demo, cache.set("a", text("Apple")));
    show!(demo, cache.set("b", text("Banana")));
    show!(demo, cache.set("c", text("Cherry")));
    show!(demo, cache.keys() => r#"["a", "b", "c"]"#);
    show!(demo, cache.set("d", text("Date")));
    show!(demo, cache.keys() => r#"["b", "c", "d"]"#);
    Ok(())
}

fn lru(demo: &mut Demo) -> Result<()> {
    let cache = demo.caches.open_dict(Order::Lru, 3)?;
    demo.code("let cache = open_dict(Order::Lru, 3)")?;
    show!(demo, cache.set("a", text("Alpha")));
    show!(demo, cache.set("b", text("Beta")));
    show!(demo, cache.set("c", text("Gamma")));
    show!(demo, cache.get("a") => "Alpha");
    show!(demo, cache.set("d", text("Delta")));
    show!(demo, cache.keys() => r#"["c", "a", "d"]"#);
    Ok(())
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Returns a shape in its wire form.
fn encoded(shape: &Shape) -> Value {
    Value::Text(shape.encode())
}

fn get(cache: &Cache, key: &str) -> Result<Option<Value>> {
    Ok(cache.get(key)?.value)
}

/// Reads and decodes a shape.
fn shape(cache: &Cache, key: &str) -> Result<Shape> {
    match get(cache, key)? {
        Some(Value::Text(wire)) => wire.parse(),
        other => bail!("expected a shape, not {}", other.show()),
    }
}

impl Show for Shape {
    fn show(&self) -> String {
        self.to_string()
    }
}
