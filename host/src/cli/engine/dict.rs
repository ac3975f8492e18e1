//! A dictionary of either engine.

use flipcache::{Error, Value, component};

pub(crate) enum Dict {
    Shards(flipcache::Dict<Value>),
    Component(component::Dict),
}

/// Defines methods that both have under the same name.
macro_rules! of_both {
    ($(fn $name:ident(&self $(, $arg:ident: $type:ty)*) -> $output:ty;)*) => {$(
        pub(crate) fn $name(&self $(, $arg: $type)*) -> Result<$output, Error> {
            match self {
                Self::Shards(dict) => Ok(dict.$name($($arg),*)),
                Self::Component(dict) => dict.$name($($arg),*),
            }
        }
    )*};
}

impl Dict {
    of_both! {
        fn get(&self, key: &str) -> Option<Value>;
        fn peek(&self, key: &str) -> Option<Value>;
        fn set(&self, key: &str, value: Value) -> Option<(String, Value)>;
        fn set_default(&self, key: &str, value: Value) -> Value;
        fn update(&self, items: Vec<(String, Value)>) -> ();
        fn contains(&self, key: &str) -> bool;
        fn mark_as_used(&self, key: &str) -> bool;
        fn pop(&self, key: &str) -> Option<Value>;
        fn pop_item(&self, newest: bool) -> Option<(String, Value)>;
        fn clear(&self) -> ();
        fn keys(&self) -> Vec<String>;
        fn values(&self) -> Vec<Value>;
        fn items(&self) -> Vec<(String, Value)>;
    }

    pub(crate) fn len(&self) -> Result<u64, Error> {
        match self {
            Self::Shards(dict) => Ok(dict.len() as u64),
            Self::Component(dict) => dict.len().map(Into::into),
        }
    }
}
