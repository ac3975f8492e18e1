//! Where answers come from.

/// Where an answer came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The local tier.
    Local,
    /// L2.
    Backend,
    /// The cache's default.
    Default,
    /// The local tier, while L2 fails.
    Stale,
    /// Nowhere.
    None,
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Found<V> {
    /// The value; `None` if neither tier has one and there is no default.
    pub value: Option<V>,
    /// Where it came from.
    pub source: Source,
}
