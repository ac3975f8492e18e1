//! Mutation tests: bugs that caches of this kind have had are applied to a copy of the sources. The
//! checker detects each, and reports nothing for an unchanged copy.
//!
//! # Layout
//!
//! The mutants are the patches in `tests/checker/mutants`. `patch` applies one; `copy` is the copy
//! of the sources, and builds the process of a run from it. All other parts of a run are unchanged.

mod copy;
mod patch;

use std::path::Path;
use std::time::{Duration, Instant};

use copy::Copy;
use flipcache_checker::check::{Rule, check, report};
use flipcache_checker::history;
use flipcache_checker::plan::{Plan, Profile};
use flipcache_checker::run::run;

/// The duration of a run.
const RUN: Duration = Duration::from_secs(3);

/// The seeds of the runs. The first usually suffices.
const SEEDS: std::ops::RangeInclusive<u64> = 1..=3;

/// Executes runs with a patch, until one breaks this rule.
fn assert_detected(bug: &str, rule: Rule) {
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
        "{} runs of {RUN:?} with the mutant {bug} do not break {rule:?}: either the patch is not a bug any more, \
         or the checker has become too weak",
        SEEDS.count()
    );
}

/// Returns the rules that a run breaks, and the report.
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
fn run_without_a_mutation_breaks_no_rule() {
    let copy = Copy::take();
    let program = copy.build(None);
    for seed in SEEDS {
        let (found, report) = rules_broken(&copy, &program, seed);
        assert!(found.is_empty(), "{report}");
    }
}

#[test]
fn run_without_a_fence_on_fills_is_detected() {
    assert_detected("unfenced-fill", Rule::Convergence);
}

#[test]
fn run_with_an_unfenced_put_after_a_write_is_detected() {
    assert_detected("unfenced-put", Rule::Convergence);
}

#[test]
fn run_without_a_bump_on_reconnect_is_detected() {
    assert_detected("no-bump-on-reconnect", Rule::Convergence);
}

#[test]
fn run_with_the_local_tier_written_first_is_detected() {
    assert_detected("local-tier-first", Rule::ThinAir);
}

#[test]
fn run_with_unversioned_flights_is_detected() {
    assert_detected("unversioned-flight", Rule::ReadYourWrites);
}

#[test]
fn run_with_cancelled_writes_is_detected() {
    assert_detected("cancelled-write", Rule::Convergence);
}
