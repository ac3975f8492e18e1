//! An application's own type and its wire form: the original README's `Shape`.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Error, Result, bail};

/// A shape. Its wire form is `womp||[4.1, 3.4]||6||16.38`, as in the original's example.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) dimensions: Vec<f64>,
    pub(super) edges: u32,
    pub(super) area: f64,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            name: "default".to_owned(),
            dimensions: Vec::new(),
            edges: 0,
            area: 0.0,
        }
    }
}

impl Shape {
    /// Creates a shape of two dimensions, whose area is their product.
    pub(super) fn rectangle(name: &str, [width, height]: [f64; 2]) -> Self {
        Self {
            name: name.to_owned(),
            dimensions: vec![width, height],
            area: width * height,
            ..Self::default()
        }
    }

    pub(super) fn encode(&self) -> String {
        let Self {
            name,
            dimensions,
            edges,
            area,
        } = self;
        format!("{name}||{dimensions:?}||{edges}||{area:?}")
    }
}

impl FromStr for Shape {
    type Err = Error;

    fn from_str(wire: &str) -> Result<Self> {
        let fields: Vec<&str> = wire.split("||").collect();
        let [name, dimensions, edges, area] = fields[..] else {
            bail!("a shape must have four fields");
        };
        let dimensions = dimensions
            .trim_start_matches('[')
            .trim_end_matches(']')
            .split(", ");
        let dimensions = dimensions
            .filter(|number| !number.is_empty())
            .map(str::parse);
        Ok(Self {
            name: name.to_owned(),
            dimensions: dimensions
                .collect::<Result<_, _>>()
                .context("the dimensions must be numbers")?,
            edges: edges
                .parse()
                .context("the number of edges must be an integer")?,
            area: area.parse().context("the area must be a number")?,
        })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            dimensions,
            edges,
            area,
        } = self;
        write!(
            f,
            "Shape(name='{name}', dimensions={dimensions:?}, edges={edges}, area={area:?})"
        )
    }
}
