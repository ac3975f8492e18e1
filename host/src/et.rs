//! Named TTLs: the constants of Python's `flipcache.et`, all of which work here.
//!
//! # Examples
//!
//! ```
//! use flipcache::{Client, et};
//!
//! let client = Client::connect("memory:")?;
//! let sessions = client.cache("session").ttl(et::HALF_AN_HOUR).open()?;
//! # Ok::<(), flipcache::Error>(())
//! ```

use std::time::Duration;

macro_rules! constants {
    ($($name:ident = $count:literal $unit:ident, $doc:literal;)*) => {
        $(
            #[doc = $doc]
            pub const $name: Duration = Duration::$unit($count);
        )*

        /// All constants by name.
        pub const ALL: &[(&str, Duration)] = &[$((stringify!($name), $name)),*];
    };
}

constants! {
    ONE_MINUTE = 1 from_mins, "One minute.";
    THREE_MINUTES = 3 from_mins, "Three minutes.";
    FIVE_MINUTES = 5 from_mins, "Five minutes.";
    TEN_MINUTES = 10 from_mins, "Ten minutes.";
    FIFTEEN_MINUTES = 15 from_mins, "Fifteen minutes.";
    QUARTER_HOUR = 15 from_mins, "Fifteen minutes, by another name.";
    THIRTY_MINUTES = 30 from_mins, "Thirty minutes.";
    HALF_AN_HOUR = 30 from_mins, "Thirty minutes, by another name.";
    ONE_HOUR = 1 from_hours, "One hour.";
    TWO_HOURS = 2 from_hours, "Two hours.";
    THREE_HOURS = 3 from_hours, "Three hours.";
    FOUR_HOURS = 4 from_hours, "Four hours.";
    FIVE_HOURS = 5 from_hours, "Five hours.";
    SIX_HOURS = 6 from_hours, "Six hours.";
    SEVEN_HOURS = 7 from_hours, "Seven hours.";
    EIGHT_HOURS = 8 from_hours, "Eight hours.";
    NINE_HOURS = 9 from_hours, "Nine hours.";
    TEN_HOURS = 10 from_hours, "Ten hours.";
    ONE_DAY = 24 from_hours, "One day of 24 hours.";
    TWO_DAYS = 48 from_hours, "Two days.";
    THREE_DAYS = 72 from_hours, "Three days.";
    FOUR_DAYS = 96 from_hours, "Four days.";
    FIVE_DAYS = 120 from_hours, "Five days.";
    SIX_DAYS = 144 from_hours, "Six days.";
    SEVEN_DAYS = 168 from_hours, "Seven days.";
    ONE_WEEK = 168 from_hours, "Seven days, by another name.";
    ONE_MONTH = 720 from_hours, "Thirty days.";
    ONE_YEAR = 8_760 from_hours, "365 days.";
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Section 1.6, Q1: four of the original's are floats, which its own caches refuse.
    #[test]
    fn all_are_the_originals_and_none_is_refused_as_a_ttl() {
        let seconds = [
            60, 180, 300, 600, 900, 900, 1800, 1800, 3600, 7200, 10800, 14400, 18000, 21600, 25200,
            28800, 32400, 36000, 86400, 172_800, 259_200, 345_600, 432_000, 518_400, 604_800,
            604_800, 2_592_000, 31_536_000,
        ];
        assert_eq!(ALL.len(), 28);
        for ((name, ttl), seconds) in ALL.iter().zip(seconds) {
            assert_eq!(*ttl, Duration::from_secs(seconds), "{name}");
            let options = crate::Options {
                ttl: Some(*ttl),
                ..Default::default()
            };
            assert_eq!(options.check(), Ok(()), "{name}");
        }
    }
}
