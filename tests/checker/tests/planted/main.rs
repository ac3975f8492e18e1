//! Bugs that caches of this kind have had, put into copies of the sources on purpose: the checker finds
//! each, and nothing in a copy without one.
//!
//! # Layout
//!
//! The bugs are the patches in `tests/checker/planted`. `patch` applies one; `copy` is the sources that it
//! is applied to, and builds the process of a run from them. All else of a run is this program's own.

mod copy;
mod patch;

use std::path::Path;
use std::time::{Duration, Instant};

use copy::Copy;
use flipcache_checker::check::{Rule, check, report};
use flipcache_checker::history;
use flipcache_checker::plan::{Plan, Profile};
use flipcache_checker::run::run;

/// How long a run lasts.
const RUN: Duration = Duration::from_secs(3);

/// The seeds of the runs. One is enough for each bug as a rule.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

/// Makes runs with a patch, until one breaks this rule.
fn assert_found(bug: &str, rule: Rule) {
    let copy = Copy::take();
    let program = copy.build(Some(bug));
    let start = Instant::now();
    for seed in SEEDS {
        let (found, _) = rules_broken(&copy, &program, seed);
        let expected = found.iter().filter(|found| **found == rule);
        let (count, took) = (expected.count(), start.elapsed());
        println!("{bug}, seed {seed}: {rule:?} broken {count} times, after {took:?}");
        if count > 0 {
            return;
        }
    }
    panic!(
        "{bug} was put in, and {} runs of {RUN:?} do not show it by {rule:?}: either the patch is no bug any more, \
         or the checker has become too weak",
        SEEDS.count()
    );
}

/// The rules that a run breaks, and a report.
fn rules_broken(copy: &Copy, program: &Path, seed: u64) -> (Vec<Rule>, String) {
    let plan = Plan::new(seed, Profile::Racing, RUN);
    let folder = copy.history();
    if let Err(error) = run(&plan, program, &folder) {
        panic!("the run of seed {seed} failed: {error:?}");
    }
    let (_, history) = history::load(&folder).expect("the history must be read");
    let found = check(&history);
    let text = report(&plan, &history, &found, &folder);
    (found.iter().map(|found| found.rule).collect(), text)
}

#[test]
fn run_nothing_planted_breaks_no_rule() {
    let copy = Copy::take();
    let program = copy.build(None);
    for seed in SEEDS {
        let (found, report) = rules_broken(&copy, &program, seed);
        assert!(found.is_empty(), "{report}");
    }
}

#[test]
fn run_no_fence_on_fills_is_found() {
    assert_found("unfenced-fill", Rule::Quiet);
}

#[test]
fn run_unfenced_put_after_a_write_is_found() {
    assert_found("unfenced-put", Rule::Quiet);
}

#[test]
fn run_no_bump_on_reconnect_is_found() {
    assert_found("no-bump-on-reconnect", Rule::Quiet);
}

#[test]
fn run_local_tier_before_redis_is_found() {
    assert_found("local-tier-first", Rule::Unwritten);
}

#[test]
fn run_unversioned_flight_is_found() {
    assert_found("unversioned-flight", Rule::OwnWrite);
}

#[test]
fn run_cancelled_write_is_found() {
    assert_found("cancelled-write", Rule::Quiet);
}
