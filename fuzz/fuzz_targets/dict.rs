//! The bounded dictionary against a naive one.

#![no_main]

use arbitrary::Arbitrary;
use flipcache_core::{Dict, DictError, Order, Seed};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Setup {
    lru: bool,
    max_items: u8,
    max_bytes: u8,
}

/// Keys are as many as a byte has values, and a value is as long as it says.
#[derive(Arbitrary, Debug)]
enum Step {
    Get(u8),
    Peek(u8),
    Set(u8, u8),
    SetDefault(u8, u8),
    Update(Vec<(u8, u8)>),
    MarkAsUsed(u8),
    Pop(u8),
    PopItem(bool),
    Clear,
    SetMaxBytes(u8),
}

/// Key and value of each item, the next to be evicted first.
struct Naive {
    items: Vec<(String, u8)>,
    lru: bool,
    max_items: usize,
    max_bytes: u64,
}

type Set = Result<Option<(String, u8)>, DictError>;

impl Naive {
    fn place(&self, key: &str) -> Option<usize> {
        self.items.iter().position(|(known, _)| known == key)
    }

    fn bytes(&self) -> u64 {
        let cost = |(key, value): &(String, u8)| key.len() as u64 + weigh(value);
        self.items.iter().map(cost).sum()
    }

    fn peek(&self, key: &str) -> Option<u8> {
        self.place(key).map(|place| self.items[place].1)
    }

    fn get(&mut self, key: &str) -> Option<u8> {
        if self.lru {
            self.mark_as_used(key);
        }
        self.peek(key)
    }

    fn mark_as_used(&mut self, key: &str) -> bool {
        let place = self.place(key);
        if let Some(place) = place {
            self.items[place..].rotate_left(1);
        }
        place.is_some()
    }

    fn set(&mut self, key: &str, value: u8) -> Set {
        let before = self.items.clone();
        let present = self.place(key);
        let is_full = self.items.len() == self.max_items;
        let leaves = present.or(is_full.then_some(0));
        let left = leaves.map(|place| self.items.remove(place));
        self.items.push((key.to_owned(), value));
        if self.bytes() > self.max_bytes {
            self.items = before;
            let limit = self.max_bytes;
            return Err(DictError::TooLarge { limit });
        }
        Ok(left.filter(|_| present.is_none()))
    }

    fn set_default(&mut self, key: &str, value: u8) -> Result<u8, DictError> {
        match self.get(key) {
            Some(present) => Ok(present),
            None => self.set(key, value).map(|_| value),
        }
    }
}

fn weigh(value: &u8) -> u64 {
    u64::from(*value)
}

fn key_of(key: u8) -> String {
    // Longer than a word, shorter, and empty.
    "key ".repeat(usize::from(key % 4)) + &"x".repeat(usize::from(key / 4))
}

fuzz_target!(|input: (Setup, Vec<Step>)| {
    let (setup, steps) = input;
    let order = if setup.lru { Order::Lru } else { Order::Fifo };
    let made = Dict::new(order, setup.max_items.into(), Seed::new(7));
    assert_eq!(made.is_err(), setup.max_items == 0);
    let Ok(dict) = made else { return };
    let mut dict = dict.with_max_bytes(setup.max_bytes.into(), weigh);
    let mut naive = Naive {
        items: Vec::new(),
        lru: setup.lru,
        max_items: setup.max_items.into(),
        max_bytes: setup.max_bytes.into(),
    };
    for step in steps {
        apply(&mut dict, &mut naive, step);
        dict.validate();
        let items = dict.iter().map(|(key, value)| (key.to_owned(), *value));
        assert_eq!(items.collect::<Vec<_>>(), naive.items);
        assert_eq!(dict.bytes(), naive.bytes());
    }
});

fn apply(dict: &mut Dict<u8>, naive: &mut Naive, step: Step) {
    match step {
        Step::Get(key) => {
            let key = key_of(key);
            assert_eq!(dict.get(&key).copied(), naive.get(&key));
        }
        Step::Peek(key) => {
            let key = key_of(key);
            assert_eq!(dict.peek(&key).copied(), naive.peek(&key));
            assert_eq!(dict.contains(&key), naive.place(&key).is_some());
        }
        Step::Set(key, value) => {
            let key = key_of(key);
            assert_eq!(dict.set(&key, value), naive.set(&key, value));
        }
        Step::SetDefault(key, value) => {
            let key = key_of(key);
            let set = dict.set_default(&key, value);
            assert_eq!(set, naive.set_default(&key, value));
        }
        Step::Update(items) => {
            let mut keyed = items.iter().map(|(key, value)| (key_of(*key), *value));
            let updated = dict.update(keyed.clone());
            let expected = keyed.try_for_each(|(key, value)| naive.set(&key, value).map(drop));
            assert_eq!(updated, expected);
        }
        Step::MarkAsUsed(key) => {
            let key = key_of(key);
            assert_eq!(dict.mark_as_used(&key), naive.mark_as_used(&key));
        }
        Step::Pop(key) => {
            let key = key_of(key);
            let popped = naive.place(&key).map(|place| naive.items.remove(place).1);
            assert_eq!(dict.pop(&key), popped);
        }
        Step::PopItem(newest) => {
            let popped = match naive.items.len() {
                0 => None,
                len => Some(naive.items.remove(if newest { len - 1 } else { 0 })),
            };
            assert_eq!(dict.pop_item(newest), popped);
        }
        Step::Clear => {
            dict.clear();
            naive.items.clear();
            assert!(dict.is_empty() && dict.len() == 0);
        }
        Step::SetMaxBytes(max_bytes) => {
            dict.set_max_bytes(max_bytes.into());
            naive.max_bytes = max_bytes.into();
        }
    }
}
