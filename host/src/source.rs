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
