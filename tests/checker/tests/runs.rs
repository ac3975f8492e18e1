//! Runs of several seconds, each with another seed, and what their histories must not show.
//!
//! `FLIPCACHE_CHECK_SECONDS` is how long one run lasts, `FLIPCACHE_CHECK_SEEDS` how many there are, and
//! `FLIPCACHE_CHECK_FIRST` the first seed.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use flipcache_checker::check::{Rule, Violation, check, report};
use flipcache_checker::history::{self, History};
use flipcache_checker::plan::{Plan, Profile};
use flipcache_checker::run::run;

/// The folder of a run's history. It stays, until the next run of the same test and seed.
fn folder(plan: &Plan) -> PathBuf {
    let name = format!("checker/{:?}-{}", plan.profile, plan.seed);
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name.to_lowercase())
}

fn number(variable: &str, default: u64) -> u64 {
    let value = env::var(variable).ok();
    let number = value.map(|value| value.parse().expect("it must be a number"));
    number.unwrap_or(default)
}

/// Makes the run of a plan; what has happened, and which rules it breaks.
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

/// Makes the runs of a profile, none of which may break a rule.
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
        let answered = history.calls.iter().filter(|call| call.answer().is_some());
        assert!(answered.count() > 100, "too little has happened");
    }
}

#[test]
fn run_lone_process_while_things_fail_breaks_no_rule() {
    assert_clean(Profile::Lone, 2, 8);
}

/// That the checker excuses all that a cache cannot help, late writes of its own among it.
#[test]
fn run_processes_without_local_tiers_while_things_fail_breaks_no_rule() {
    assert_clean(Profile::Bare, 1, 10);
}

#[test]
fn run_several_processes_while_things_fail_breaks_no_rule() {
    assert_clean(Profile::Several, 2, 10);
}

#[test]
fn run_processes_that_share_a_file_breaks_no_rule() {
    assert_clean(Profile::File, 1, 8);
}

/// That the checker finds what is wrong.
#[test]
fn run_process_that_nobody_tells_is_found_stale() {
    let plan = Plan::new(1, Profile::Untold, Duration::from_secs(4));
    let (_, found) = outcome_of(&plan);
    for rule in [Rule::Stale, Rule::Quiet] {
        assert!(
            found.iter().any(|violation| violation.rule == rule),
            "{rule:?} must be among {found:#?}"
        );
    }
}
