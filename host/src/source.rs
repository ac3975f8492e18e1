//! The sources of values.

/// The source of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The local tier.
    Local,
    /// L2.
    Backend,
    /// The cache's default.
    Default,
    /// The local tier, because L2 failed; the value may be stale.
    Stale,
    /// There is no value.
    None,
}

/// A value and its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<V> {
    /// The value; `None` if neither tier has one and there is no default.
    pub value: Option<V>,
    /// The source of the value.
    pub source: Source,
}
