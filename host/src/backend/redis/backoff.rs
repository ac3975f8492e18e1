//! The pauses between attempts to connect.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// The pause after the first of several failed attempts that no caller waits for; it doubles with
/// each further failure.
const MIN_BACKOFF: Duration = Duration::from_millis(50);

/// The longest pause between such attempts.
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// Returns the pause after so many failures. Half of it is random, so that the clients of a
/// restarted server do not all connect at once.
pub(super) fn backoff(failures: u32) -> Duration {
    let whole = MIN_BACKOFF
        .saturating_mul(1_u32.checked_shl(failures).unwrap_or(u32::MAX))
        .min(MAX_BACKOFF);
    let half = whole / 2;
    let random = u32::try_from(RandomState::new().hash_one(failures) % 1024).unwrap_or(0);
    half + half * random / 1024
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backoff_grows_to_its_limit_and_stays_there() {
        assert!(backoff(0) <= MIN_BACKOFF);
        for failures in [7, 31, 32, u32::MAX] {
            let pause = backoff(failures);
            assert!(
                (MAX_BACKOFF / 2..=MAX_BACKOFF).contains(&pause),
                "after {failures} failures the pause is {pause:?}"
            );
        }
    }
}
