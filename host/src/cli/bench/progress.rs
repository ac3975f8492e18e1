//! A progress bar on standard error, if that is a terminal.

use std::io::{self, IsTerminal};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// The format of the bar.
const TEMPLATE: &str = "{msg:24} [{bar:40}] {percent:>3}% {elapsed}";

/// A bar that is cleared when dropped.
pub(super) struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Creates a bar for this many operations of this many rounds each.
    pub(super) fn new(operations: usize, rounds: u32) -> Self {
        let steps = u64::from(rounds) * operations as u64;
        let target = if io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template(TEMPLATE);
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::with_draw_target(Some(steps), target);
        Self {
            bar: bar.with_style(style.progress_chars("=> ")),
        }
    }

    /// Shows which operation is measured.
    pub(super) fn of(&self, name: &'static str) {
        self.bar.set_message(name);
    }

    pub(super) fn advance(&self, rounds: u32) {
        self.bar.inc(u64::from(rounds));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
