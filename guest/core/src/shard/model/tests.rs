//! Random steps over few keys with short TTLs, so that they interact.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;

/// Chooses the first cache most often, so that it has entries.
fn cache() -> impl Strategy<Value = u8> {
    prop_oneof![3 => Just(0), 1 => 0..4u8]
}

/// Chooses the oldest call or request in flight most often, so that they do not pile up.
fn oldest() -> impl Strategy<Value = u8> {
    prop_oneof![4 => Just(0), 1 => any::<u8>()]
}

fn place() -> impl Strategy<Value = KeyRef> {
    (cache(), 0..10u8).prop_map(|(cache, key)| KeyRef { cache, key })
}

fn opening() -> impl Strategy<Value = Opening> {
    let bounds = (0..8u8, option::of(0..120u8), prop_oneof![Just(0), 0..30u8]);
    (bounds, 0..3u8, prop::bool::weighted(0.3)).prop_map(
        |((max_entries, max_bytes, keep_expired), eviction, integers)| Opening {
            keep_expired,
            max_entries,
            max_bytes,
            eviction,
            integers,
        },
    )
}

fn content() -> impl Strategy<Value = Content> {
    let value = (
        prop::bool::weighted(0.2),
        0..40u8,
        option::weighted(0.3, 1..40u16),
    );
    prop_oneof![
        1 => Just(Content::Nothing),
        1 => Just(Content::List),
        8 => value.prop_map(|(is_word, spaces, ttl)| Content::Value { is_word, spaces, ttl }),
    ]
}

fn outcome() -> impl Strategy<Value = Outcome> {
    prop_oneof![8 => Just(Outcome::Done), 1 => Just(Outcome::Unknown), 1 => Just(Outcome::Failed)]
}

fn reads() -> impl Strategy<Value = Step> {
    let ttl = || prop_oneof![3 => Just(None), 1 => (1..20u16).prop_map(Some)];
    let again = prop::bool::weighted(0.1);
    let remember = prop_oneof![1 => Just(0), 1 => 1..40u8];
    prop_oneof![
        8 => (place(), ttl()).prop_map(|(place, ttl)| Step::Read(place, ttl)),
        2 => (place(), ttl()).prop_map(|(place, ttl)| Step::Find(place, ttl)),
        1 => place().prop_map(Step::Ask),
        9 => (oldest(), again, remember)
            .prop_map(|(at, again, remember)| Step::Settle(at, again, remember)),
        2 => (place(), 0..40u8).prop_map(|(place, window)| Step::Stale(place, window)),
        1 => (place(), 0..40u16).prop_map(|(place, within)| Step::RefreshClaim(place, within)),
        1 => oldest().prop_map(Step::FailRequest),
        2 => place().prop_map(Step::Touch),
        1 => place().prop_map(Step::Peek),
        1 => (0..4u8).prop_map(Step::Inspect),
    ]
}

fn writes() -> impl Strategy<Value = Step> {
    let writes = vec((0..10u8, content()), 0..4);
    let again = prop::bool::weighted(0.1);
    prop_oneof![
        4 => (cache(), writes).prop_map(|(cache, writes)| Step::Begin(cache, writes)),
        6 => (oldest(), outcome()).prop_map(|(at, outcome)| Step::Reach(at, outcome)),
        4 => (oldest(), again).prop_map(|(at, again)| Step::End(at, again)),
    ]
}

fn events() -> impl Strategy<Value = Step> {
    let announced = prop::bool::weighted(0.8);
    prop_oneof![
        8 => (place(), content(), announced)
            .prop_map(|(place, content, announced)| Step::ExternalWrite(place, content, announced)),
        4 => place().prop_map(Step::Invalidate),
        1 => (0..4u8, any::<bool>())
            .prop_map(|(cache, clear)| Step::InvalidateBucket(cache, clear)),
        1 => Just(Step::InvalidateAll),
        1 => Just(Step::Suspend),
        2 => Just(Step::Resume),
        1 => (0..4u8).prop_map(Step::ClearLocal),
        8 => (1..10u16).prop_map(Step::Advance),
        4 => (cache(), opening()).prop_map(|(cache, opening)| Step::Open(cache, opening)),
    ]
}

fn setup() -> impl Strategy<Value = Setup> {
    let mask = prop_oneof![3 => Just(u64::MAX), 1 => Just(0x7f), 1 => Just(0x300_0000)];
    let openings = [(); 4].map(|()| option::weighted(0.8, opening()));
    (any::<u32>(), 300..3_000u16, mask, openings).prop_map(
        |(incarnation, max_bytes, hash_mask, openings)| Setup {
            incarnation,
            max_bytes,
            hash_mask,
            openings,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn run_any_steps_violates_no_invariant(
        setup in setup(),
        steps in vec(prop_oneof![4 => reads(), 3 => writes(), 1 => events()], 1..300),
    ) {
        run(setup, steps);
    }
}
