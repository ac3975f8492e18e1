//! What goes into the page of benchmarks: plots, and text between two of its lines.
//!
//! # Layout
//!
//! - [`bars()`]: a figure for each name. [`lines()`]: figures over powers of two. [`groups()`]: a
//!   bar for each name in each group. All answer a [`Plot`].
//! - [`Page`]: the file, and the folder beside it that has its plots.
//!
//! Missing figures are marked as such, in the plot and in its text. Without any figure there is no
//! plot.

mod plot;

mod style;

mod bars;

mod lines;

mod groups;

mod page;

pub use bars::{Bar, bars};
pub use groups::{Group, Panel, groups};
pub use lines::{Series, lines};
pub use page::{Page, PageError};
pub use plot::{Plot, PlotError};
pub use style::grouped;
