//! How many entries a cache holds: a number, or a share of the keys of a trace.

use std::fmt;
use std::str::FromStr;

/// The capacity as it is printed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Capacity {
    /// So many percent of the keys.
    Percent(f64),
    /// So many entries.
    Entries(u32),
}

/// Why it is none.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("a number of entries from 1, or a share as 10%, of more than 0% and at most 100%")]
pub struct InvalidCapacity;

impl Capacity {
    /// For a trace of so many keys: at least one entry, and no part of one.
    pub fn entries(self, keys: u32) -> u32 {
        match self {
            Self::Entries(entries) => entries,
            Self::Percent(percent) => {
                let share = f64::from(keys) * percent / 100.0;
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "a share of a number is no larger, and not negative"
                )]
                let share = share as u32;
                share.max(1)
            }
        }
    }
}

impl FromStr for Capacity {
    type Err = InvalidCapacity;

    fn from_str(text: &str) -> Result<Self, InvalidCapacity> {
        let capacity = match text.strip_suffix('%') {
            Some(percent) => percent.trim_end().parse().map(Self::Percent).ok(),
            None => text.parse().map(Self::Entries).ok(),
        };
        let is_sound = |capacity: &Self| match *capacity {
            Self::Percent(percent) => percent > 0.0 && percent <= 100.0,
            Self::Entries(entries) => entries > 0,
        };
        capacity.filter(is_sound).ok_or(InvalidCapacity)
    }
}

impl fmt::Display for Capacity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Entries(entries) => write!(f, "{entries}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_share_are_whole_and_at_least_one() {
        let tenth: Capacity = "10%".parse().expect("it is a share");
        let hundredth: Capacity = "1 %".parse().expect("it is a share");
        let of = |keys| (tenth.entries(keys), hundredth.entries(keys));
        assert_eq!(of(13_756), (1_375, 137));
        assert_eq!(of(90_468), (9_046, 904));
        assert_eq!(of(100), (10, 1));
        assert_eq!(of(9), (1, 1), "a cache of no entries has no hits");
        let all: Capacity = "100%".parse().expect("it is a share");
        assert_eq!(all.entries(u32::MAX), u32::MAX);
    }

    #[test]
    fn entries_of_a_number_are_that_many() {
        let capacity: Capacity = "745".parse().expect("it is a number");
        assert_eq!(capacity.entries(10), 745);
    }

    #[test]
    fn parse_of_what_is_no_capacity_is_refused() {
        for text in [
            "", "0", "-1", "1.5", "0%", "-1%", "101%", "NaN%", "%", "ten",
        ] {
            assert_eq!(text.parse::<Capacity>(), Err(InvalidCapacity), "{text:?}");
        }
    }

    #[test]
    fn display_is_what_is_parsed() {
        for text in ["10%", "0.1%", "904"] {
            let capacity: Capacity = text.parse().expect("it is a capacity");
            assert_eq!(capacity.to_string(), text);
        }
    }
}
