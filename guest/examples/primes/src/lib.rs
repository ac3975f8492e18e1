//! Counts the primes up to a number, and remembers the count.

#![cfg(target_arch = "wasm32")]

use std::io::Write;
use std::time::Duration;

use flipcache_guest::{Cache, Error};
use wasip2::cli::{environment, stderr, stdout};

struct Primes;

wasip2::cli::command::export!(Primes);

impl wasip2::exports::cli::run::Guest for Primes {
    /// The entry of the command.
    fn run() -> Result<(), ()> {
        // The first argument is the name of the file.
        let arguments = environment::get_arguments();
        let Some(limit) = arguments.get(1).and_then(|limit| limit.parse().ok()) else {
            return fail("usage: primes LIMIT");
        };
        match primes(limit) {
            Ok(count) => print(&format!("{count} primes up to {limit}")),
            Err(error) => fail(&format!("the cache failed: {error}")),
        }
    }
}

/// Returns the count that the cache has, or else counts, and leaves it there for an hour.
fn primes(limit: i64) -> Result<i64, Error> {
    let counts = Cache::builder("primes")
        .integer_keys()
        .integers::<i64>()
        .ttl(Duration::from_secs(3_600))
        .open()?;
    counts.get_or_insert_with(limit, || count(limit))
}

fn count(limit: i64) -> i64 {
    let is_prime = |n: &i64| (2..*n).take_while(|d| d * d <= *n).all(|d| n % d != 0);
    (2..=limit).filter(is_prime).map(|_| 1).sum()
}

fn print(line: &str) -> Result<(), ()> {
    writeln!(stdout::get_stdout(), "{line}").map_err(|_| ())
}

/// Ends the command with exit code 1.
fn fail(line: &str) -> Result<(), ()> {
    // If standard error is closed, the exit code is all there is.
    let _ = writeln!(stderr::get_stderr(), "{line}");
    Err(())
}
