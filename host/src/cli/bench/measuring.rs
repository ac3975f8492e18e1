//! Rounds and their durations.

use std::time::Instant;

use super::cases::Case;
use super::fixture::Fixture;
use super::interrupt::Interrupt;
use super::progress::Progress;
use super::statistics::Figures;
use crate::cli::failure::Failure;

/// The settings of a measurement.
pub(super) struct Measuring {
    pub(super) rounds: u32,
    pub(super) progress: Progress,
    pub(super) interrupt: Interrupt,
}

impl Measuring {
    /// Runs an operation with every key in each round, after a warm-up round. A round is one
    /// sample: its time divided by the number of keys.
    ///
    /// # Errors
    ///
    /// The errors of the operation, and Ctrl-C. That is checked between rounds, so no write is left
    /// in flight.
    pub(super) async fn measure(
        &self,
        fixture: &Fixture,
        case: Case,
        name: &'static str,
    ) -> Result<Figures, Failure> {
        self.progress.of(name);
        case.round(fixture).await?;
        let operations = fixture.keys.len() as f64;
        let mut samples = Vec::new();
        for _ in 0..self.rounds {
            self.interrupt.check()?;
            let start = Instant::now();
            case.round(fixture).await?;
            let elapsed = start.elapsed();
            samples.push(elapsed.as_secs_f64() * 1e9 / operations);
            self.progress.advance(1);
        }
        Ok(Figures::of(samples))
    }
}
