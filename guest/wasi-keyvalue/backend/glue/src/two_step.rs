//! Operations that `wasi:keyvalue` has no call for: a read of the store, then a write.
//!
//! They are not atomic. If another instance writes or deletes a key between the two steps, the
//! second step overwrites that: the later write wins. The guide lists what each operation can lose
//! (`docs/src/wasi-keyvalue.md`).

use std::collections::BTreeMap;

use crate::bucket::{self, Bucket, BucketError, ask, keep_last};
use crate::envelope::{self, Held};
use crate::live;
use crate::store::{Pairs, Store};

/// The values of keys before a write: `None` where the write happened.
type Before = Vec<Option<Held>>;

impl<S: Store> Bucket<S> {
    /// Reads keys and gives those that hold a value a new TTL, in two calls of the store.
    pub(crate) fn get_and_expire(
        &self,
        keys: &[String],
        ttl_ms: u64,
        now: impl Fn() -> u64,
    ) -> Result<Vec<Option<Held>>, BucketError> {
        let mut held = self.read_then_expire(keys, Some(ttl_ms), &now)?;
        for held in held.values_mut() {
            if let Held::Value { left, .. } = held {
                *left = Some(ttl_ms);
            }
        }
        Ok(self
            .complete(keys)
            .map(|key| held.get(&key).cloned())
            .collect())
    }

    /// Sets the TTL of keys, or removes it. Returns for each key whether it exists.
    pub(crate) fn expire(
        &self,
        keys: &[String],
        ttl_ms: Option<u64>,
        now: impl Fn() -> u64,
    ) -> Result<Vec<bool>, BucketError> {
        let held = self.read_then_expire(keys, ttl_ms, &now)?;
        if held.values().any(|held| *held == Held::Damaged) {
            return Err(BucketError::NoEntry);
        }
        Ok(self
            .complete(keys)
            .map(|key| held.contains_key(&key))
            .collect())
    }

    /// Writes the keys that are absent or expired. Returns for each key `None` where this call
    /// wrote it, else what it holds.
    pub(crate) fn set_if_absent(
        &self,
        entries: Pairs,
        ttl_ms: Option<u64>,
        now: impl Fn() -> u64,
    ) -> Result<Before, BucketError> {
        bucket::check_ttl(ttl_ms)?;
        let keys: Vec<String> = entries.iter().map(|(key, _)| key.clone()).collect();
        let different = self.different(&keys);
        ask(|store: &S| {
            let held = live::read(store, &different, &now)?;
            let written_at = now();
            let absent = entries.into_iter().filter_map(|(key, value)| {
                let key = self.complete_key(&key);
                if held.contains_key(&key) {
                    return None;
                }
                Some((key, envelope::seal(value, ttl_ms, written_at)))
            });
            let mut absent: Pairs = absent.collect();
            keep_last(&mut absent);
            bucket::write(store, &absent)?;
            Ok(self
                .complete(&keys)
                .map(|key| held.get(&key).cloned())
                .collect())
        })
    }

    /// Adds to the decimal integer of a key, 0 if absent, and returns the sum. A key that was
    /// absent gets the TTL; one that was there keeps its deadline.
    pub(crate) fn increment(
        &self,
        key: &str,
        delta: i64,
        ttl_ms: Option<u64>,
        now: impl Fn() -> u64,
    ) -> Result<i64, BucketError> {
        bucket::check_ttl(ttl_ms)?;
        let key = self.complete_key(key);
        let stored = ask(|store: &S| store.get(&key))?;
        let now = now();
        let held = stored.clone().map(|stored| envelope::open(stored, now));
        let (sum, sealed) = match (stored, held) {
            (Some(stored), Some(Held::Value { value, .. })) => {
                let sum = add(integer(&value).ok_or(BucketError::NotAnInteger)?, delta)?;
                (
                    sum,
                    envelope::replace(&stored, sum.to_string().into_bytes()),
                )
            }
            (_, Some(Held::Damaged)) => return Err(BucketError::NotAnInteger),
            _ => {
                let value = delta.to_string().into_bytes();
                (delta, envelope::seal(value, ttl_ms, now))
            }
        };
        ask(|store: &S| bucket::write(store, &[(key, sealed)]))?;
        Ok(sum)
    }

    /// Returns what complete keys hold, after giving the values among them the TTL.
    fn read_then_expire(
        &self,
        keys: &[String],
        ttl_ms: Option<u64>,
        now: &impl Fn() -> u64,
    ) -> Result<BTreeMap<String, Held>, BucketError> {
        bucket::check_ttl(ttl_ms)?;
        let different = self.different(keys);
        ask(|store: &S| {
            let held = live::read(store, &different, now)?;
            let written_at = now();
            let changed = held.iter().filter_map(|(key, held)| match held {
                // It has no TTL already.
                Held::Value { left: None, .. } if ttl_ms.is_none() => None,
                Held::Value { value, .. } => {
                    let sealed = envelope::seal(value.clone(), ttl_ms, written_at);
                    Some((key.clone(), sealed))
                }
                Held::Expired | Held::Damaged => None,
            });
            bucket::write(store, &changed.collect::<Pairs>())?;
            Ok(held)
        })
    }
}

fn add(held: i64, delta: i64) -> Result<i64, BucketError> {
    held.checked_add(delta).ok_or(BucketError::Overflow)
}

/// The integer in its canonical decimal form, which is the only one that Redis counts in too.
fn integer(bytes: &[u8]) -> Option<i64> {
    let text = str::from_utf8(bytes).ok()?;
    let number: i64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::Double;
    use crate::envelope::MAGIC;

    fn at(now: u64) -> impl Fn() -> u64 {
        move || now
    }

    fn installed() -> (Bucket<Double>, Double) {
        let store = Double::default();
        store.install("default");
        (Bucket::open("user").expect("it must open"), store)
    }

    fn strings<const N: usize>(texts: [&str; N]) -> Vec<String> {
        texts.map(str::to_owned).into()
    }

    fn pairs<const N: usize>(pairs: [(&str, &str); N]) -> Pairs {
        let owned = pairs.map(|(key, value)| (key.to_owned(), value.as_bytes().to_vec()));
        owned.into()
    }

    fn value(text: &str, left: Option<u64>) -> Option<Held> {
        let value = text.as_bytes().to_vec();
        Some(Held::Value { value, left })
    }

    #[test]
    fn set_if_absent_writes_what_is_absent_or_expired_and_returns_the_rest() {
        let (bucket, store) = installed();
        store.put("user:there", b"1");
        bucket
            .set(pairs([("over", "2")]), Some(10), at(0))
            .expect("it must be written");
        store.calls();
        let entries = pairs([("there", "a"), ("over", "b"), ("new", "c"), ("new", "d")]);
        let before = bucket.set_if_absent(entries, Some(100), at(10));
        assert_eq!(before, Ok(vec![value("1", None), None, None, None]));
        assert_eq!(store.calls(), 2, "a read and a write");
        let held = bucket.get(&strings(["there", "over", "new"]), at(10));
        let expected = vec![
            value("1", None),
            value("b", Some(100)),
            value("d", Some(100)),
        ];
        assert_eq!(held, Ok(expected), "the last value of a key counts");
    }

    #[test]
    fn set_if_absent_of_nothing_absent_writes_nothing() {
        let (bucket, store) = installed();
        store.put("user:a", &MAGIC);
        let before = bucket.set_if_absent(pairs([("a", "1")]), None, at(0));
        assert_eq!(before, Ok(vec![Some(Held::Damaged)]));
        assert_eq!(store.calls(), 1);
        assert_eq!(bucket.set_if_absent(vec![], None, at(0)), Ok(vec![]));
        assert_eq!(store.calls(), 0);
    }

    #[test]
    fn increment_existing_key_keeps_its_deadline_and_a_new_one_gets_the_ttl() {
        let (bucket, store) = installed();
        assert_eq!(bucket.increment("a", 5, Some(100), at(0)), Ok(5));
        assert_eq!(bucket.increment("a", -7, Some(100), at(40)), Ok(-2));
        assert_eq!(
            bucket.get(&strings(["a"]), at(40)),
            Ok(vec![value("-2", Some(60))])
        );
        assert_eq!(
            bucket.increment("a", 1, Some(100), at(100)),
            Ok(1),
            "it had expired"
        );
        store.put("user:plain", b"41");
        assert_eq!(bucket.increment("plain", 1, Some(100), at(0)), Ok(42));
        assert_eq!(
            store.raw("user:plain"),
            Some(b"42".to_vec()),
            "it had no TTL"
        );
    }

    #[test]
    fn increment_what_is_no_integer_or_overflows_is_an_error_and_changes_nothing() {
        let (bucket, store) = installed();
        for held in [
            &b""[..],
            b" 1",
            b"+1",
            b"007",
            b"-0",
            b"1.0",
            b"9223372036854775808",
            &MAGIC,
        ] {
            store.put("user:a", held);
            let refused = bucket.increment("a", 1, None, at(0));
            assert_eq!(refused, Err(BucketError::NotAnInteger), "{held:?}");
            assert_eq!(store.raw("user:a").as_deref(), Some(held));
        }
        store.put("user:a", b"9223372036854775807");
        let refused = bucket.increment("a", 1, None, at(0));
        assert_eq!(refused, Err(BucketError::Overflow));
        assert_eq!(store.raw("user:a"), Some(b"9223372036854775807".to_vec()));
    }

    #[test]
    fn expire_sets_and_removes_the_ttl_of_what_is_there() {
        let (bucket, store) = installed();
        store.put("user:a", b"1");
        let keys = strings(["a", "none", "a"]);
        assert_eq!(
            bucket.expire(&keys, Some(50), at(0)),
            Ok(vec![true, false, true])
        );
        assert_eq!(
            bucket.get(&strings(["a"]), at(10)),
            Ok(vec![value("1", Some(40))])
        );
        assert_eq!(
            bucket.expire(&keys, None, at(49)),
            Ok(vec![true, false, true])
        );
        assert_eq!(store.raw("user:a"), Some(b"1".to_vec()));
        store.calls();
        assert_eq!(
            bucket.expire(&keys, None, at(50)),
            Ok(vec![true, false, true])
        );
        assert_eq!(
            store.calls(),
            1,
            "it has no TTL already, so nothing is written"
        );
        assert_eq!(store.raw("user:none"), None);
    }

    #[test]
    fn expire_of_a_damaged_envelope_is_an_error_and_leaves_it() {
        let (bucket, store) = installed();
        store.put("user:a", &MAGIC);
        let refused = bucket.expire(&strings(["a"]), Some(50), at(0));
        assert_eq!(refused, Err(BucketError::NoEntry));
        assert_eq!(store.raw("user:a"), Some(MAGIC.to_vec()));
    }

    #[test]
    fn get_and_expire_returns_values_with_the_ttl_that_they_have_now() {
        let (bucket, store) = installed();
        bucket
            .set(pairs([("a", "1"), ("over", "2")]), Some(10), at(0))
            .expect("it must be written");
        bucket
            .expire(&strings(["a"]), Some(20), at(0))
            .expect("it must be written");
        let keys = strings(["a", "over", "none"]);
        let held = bucket.get_and_expire(&keys, 100, at(10));
        assert_eq!(held, Ok(vec![value("1", Some(100)), None, None]));
        assert_eq!(
            bucket.get(&keys, at(109)),
            Ok(vec![value("1", Some(1)), None, None])
        );
        assert!(
            store.raw("user:over").is_some(),
            "what has expired is left alone"
        );
    }

    #[test]
    fn two_steps_with_a_ttl_of_0_are_refused_before_the_store_is_called() {
        let (bucket, store) = installed();
        store.put("user:a", b"1");
        let keys = strings(["a"]);
        let zero_ttl = Some(BucketError::ZeroTtl);
        assert_eq!(bucket.get_and_expire(&keys, 0, at(0)).err(), zero_ttl);
        assert_eq!(bucket.expire(&keys, Some(0), at(0)).err(), zero_ttl);
        assert_eq!(bucket.increment("a", 1, Some(0), at(0)).err(), zero_ttl);
        let written = bucket.set_if_absent(pairs([("b", "1")]), Some(0), at(0));
        assert_eq!(written.err(), zero_ttl);
        assert_eq!(store.calls(), 0);
    }

    #[test]
    fn two_steps_with_another_writer_between_them_leave_the_later_write() {
        let (bucket, store) = installed();
        store.put("user:n", b"1");
        store.after_next_read("user:n", Some(b"10"));
        assert_eq!(bucket.increment("n", 1, None, at(0)), Ok(2));
        assert_eq!(store.raw("user:n"), Some(b"2".to_vec()));
        store.after_next_read("user:k", Some(b"theirs"));
        let before = bucket.set_if_absent(pairs([("k", "ours")]), None, at(0));
        assert_eq!(before, Ok(vec![None]));
        assert_eq!(store.raw("user:k"), Some(b"ours".to_vec()));
        store.after_next_read("user:n", None);
        assert_eq!(
            bucket.expire(&strings(["n"]), Some(10), at(0)),
            Ok(vec![true])
        );
        assert!(store.raw("user:n").is_some(), "the delete is undone");
    }
}
