//! Applications that get the cache from their host: results, sharing, grants, and hostile
//! applications.

mod any_calls;
mod hostile;
mod limits;
mod provided;
mod sharing;
mod tenants;
mod world;
