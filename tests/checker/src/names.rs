//! The keys of a run, and the values, no two of which are the same.

/// The cache's name.
pub(crate) const CACHE: &str = "check";

/// The key of the sentinel.
pub(crate) const SENTINEL: &str = "sentinel";

/// A key of the cache as it stands in Redis.
pub(crate) fn complete(key: &str) -> String {
    format!("{CACHE}:{key}")
}

/// A key whose values do not expire.
pub(crate) fn lasting(number: u32) -> String {
    format!("k{number}")
}

/// A key whose values do.
pub(crate) fn fleeting(number: u32) -> String {
    format!("t{number}")
}

/// A key that is seldom written, and only past the cache: what is stale there stays so.
pub(crate) fn cold(number: u32) -> String {
    format!("c{number}")
}

/// All keys of a run with so many lasting ones.
pub(crate) fn all(keys: u32) -> Vec<String> {
    let lasting = (0..keys).map(lasting);
    let fleeting = (0..fleeting_of(keys)).map(fleeting);
    let cold = (0..cold_of(keys)).map(cold);
    lasting.chain(fleeting).chain(cold).collect()
}

/// How many keys are cold where so many are not.
pub(crate) fn cold_of(keys: u32) -> u32 {
    keys.div_ceil(2)
}

/// How many keys expire where so many do not.
pub(crate) fn fleeting_of(keys: u32) -> u32 {
    keys.div_ceil(2)
}

/// The values of one who writes: each says who, and which.
pub(crate) struct Values {
    writer: String,
    count: u64,
}

impl Values {
    pub(crate) fn of(writer: String) -> Self {
        Self { writer, count: 0 }
    }

    pub(crate) fn next(&mut self) -> String {
        self.count += 1;
        format!("{}.{}", self.writer, self.count)
    }
}
