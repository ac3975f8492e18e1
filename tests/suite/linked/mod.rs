//! Applications whose host gives them the cache: what they are answered, what they share, what they are
//! granted, and what hostile ones get.

mod any_calls;
mod hostile;
mod limits;
mod provided;
mod sharing;
mod tenants;
mod world;
