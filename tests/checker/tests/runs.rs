//! Runs of several seconds with different seeds, whose histories must not break a rule.
//!
//! `FLIPCACHE_CHECK_SECONDS` is the duration of a run, `FLIPCACHE_CHECK_SEEDS` the number of runs,
//! and
//! `FLIPCACHE_CHECK_FIRST` the first seed.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flipcache_checker::check::{Rule, Violation, check, report};
use flipcache_checker::history::{self, History};
use flipcache_checker::plan::{Plan, Profile};
use flipcache_checker::run::run;

/// Returns the folder of a history. The next run of the same test and seed replaces it.
fn folder(plan: &Plan) -> PathBuf {
    let name = format!("checker/{:?}-{}", plan.profile, plan.seed);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.to_lowercase())
}

fn number(variable: &str, default: u64) -> u64 {
    let value = env::var(variable).ok();
    let number = value.map(|value| value.parse().expect("the variable must be a number"));
    number.unwrap_or(default)
}

/// Executes a plan. Returns its history and violations.
fn outcome_of(plan: &Plan) -> (History, Vec<Violation>) {
    let folder = folder(plan);
    let program = Path::new(env!("CARGO_BIN_EXE_flipcache-checker"));
    if let Err(error) = run(plan, program, &folder) {
        panic!(
            "the run of seed {} failed, its history is in {}: {error:?}",
            plan.seed,
            folder.display()
        );
    }
    let (_, history) = history::load(&folder).expect("the history must be read");
    let found = check(&history);
    (history, found)
}

/// Executes runs of a profile, and asserts that none breaks a rule.
fn assert_clean(profile: Profile, seeds: u64, seconds: u64) {
    let seconds = number("FLIPCACHE_CHECK_SECONDS", seconds);
    let first = number("FLIPCACHE_CHECK_FIRST", 1);
    for seed in first..first + number("FLIPCACHE_CHECK_SEEDS", seeds) {
        let plan = Plan::new(seed, profile, Duration::from_secs(seconds));
        let (history, found) = outcome_of(&plan);
        println!("seed {seed}: {}", history.summary());
        assert!(
            found.is_empty(),
            "{}",
            report(&plan, &history, &found, &folder(&plan))
        );
        let reads = history
            .calls
            .iter()
            .filter(|call| call.read_result().is_some());
        assert!(reads.count() > 100, "the run has too few reads");
    }
}

#[test]
fn run_lone_process_with_faults_breaks_no_rule() {
    assert_clean(Profile::Lone, 2, 8);
}

/// The checker reports nothing that a cache cannot prevent, such as late execution of its own
/// writes.
#[test]
fn run_processes_without_local_tiers_with_faults_breaks_no_rule() {
    assert_clean(Profile::Bare, 1, 10);
}

#[test]
fn run_several_processes_with_faults_breaks_no_rule() {
    assert_clean(Profile::Several, 2, 10);
}

#[test]
fn run_processes_that_share_a_file_breaks_no_rule() {
    assert_clean(Profile::File, 1, 8);
}

/// The checker detects stale values.
#[test]
fn run_process_without_invalidations_breaks_rules() {
    let plan = Plan::new(1, Profile::Untracked, Duration::from_secs(4));
    let (_, found) = outcome_of(&plan);
    for rule in [Rule::BoundedStaleness, Rule::Convergence] {
        assert!(
            found.iter().any(|violation| violation.rule == rule),
            "{rule:?} must be among {found:#?}"
        );
    }
}
