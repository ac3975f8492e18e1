//! Measures how long a process was running between two moments.

use std::collections::HashMap;
use std::time::Duration;

use crate::history::Stall;
use crate::time::Moment;

/// The stalls of each process, by start.
pub(super) struct Stalls(HashMap<String, Vec<(Moment, Moment)>>);

impl Stalls {
    pub(super) fn of(stalls: &[Stall]) -> Self {
        let mut by_process: HashMap<_, Vec<_>> = HashMap::new();
        for stall in stalls {
            let of_process = by_process.entry(stall.process.clone()).or_default();
            of_process.push((stall.from, stall.to));
        }
        by_process.values_mut().for_each(|stalls| stalls.sort());
        Self(by_process)
    }

    /// Returns the time between two moments, minus the stalls of the process.
    pub(super) fn awake(&self, process: &str, from: Moment, to: Moment) -> Duration {
        let stalls = self.0.get(process).map_or(&[][..], Vec::as_slice);
        let stalled: Duration = stalls
            .iter()
            .map(|(begin, end)| (*end).min(to).since((*begin).max(from)))
            .sum();
        to.since(from).saturating_sub(stalled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn awake_subtracts_overlapping_stalls() {
        let stall = |from, to| Stall {
            process: "w0".to_owned(),
            from: Moment(from),
            to: Moment(to),
        };
        let stalls = Stalls::of(&[stall(50, 70), stall(0, 15), stall(95, 200)]);
        let awake = |process, from, to| stalls.awake(process, Moment(from), Moment(to)).as_nanos();
        assert_eq!(awake("w0", 10, 100), 90 - 5 - 20 - 5);
        assert_eq!(awake("w0", 55, 60), 0);
        assert_eq!(awake("w0", 60, 55), 0);
        assert_eq!(awake("w1", 10, 100), 90);
    }
}
