//! Numeric cursors for the text cursors of the cache.

use std::collections::VecDeque;

/// Maximum number of texts that a bucket remembers. One listing needs one.
const REMEMBERED: usize = 64;

/// The smallest number that stands for a remembered text.
const FIRST: u64 = 1 << 63;

/// The cursors of one bucket. A text that is a number, as those of a Redis server are, is that
/// number, and valid in every instance. Other texts are remembered here. Their numbers are valid
/// for this handle of the bucket, until 64 others have been added.
#[derive(Debug, Default)]
pub(crate) struct Cursors {
    /// Oldest first; the number of the first is `FIRST + forgotten`.
    remembered: VecDeque<String>,
    forgotten: u64,
}

impl Cursors {
    /// Returns the number for a text.
    pub(crate) fn tell(&mut self, text: String) -> u64 {
        if let Ok(number) = text.parse::<u64>()
            && number < FIRST
            && number.to_string() == text
        {
            return number;
        }
        if self.remembered.len() == REMEMBERED {
            self.remembered.pop_front();
            self.forgotten += 1;
        }
        self.remembered.push_back(text);
        FIRST + self.forgotten + self.remembered.len() as u64 - 1
    }

    /// Returns the text of a number; `None` if it was not returned here, or too long ago.
    pub(crate) fn text(&self, number: u64) -> Option<String> {
        let Some(remembered) = number.checked_sub(FIRST) else {
            return Some(number.to_string());
        };
        let at = usize::try_from(remembered.checked_sub(self.forgotten)?).ok()?;
        self.remembered.get(at).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tell_number_is_the_same_number_in_every_bucket() {
        for text in ["0", "42", "9223372036854775807"] {
            let number = Cursors::default().tell(text.to_owned());
            assert_eq!(number.to_string(), text);
            assert_eq!(Cursors::default().text(number).as_deref(), Some(text));
        }
    }

    #[test]
    fn tell_other_text_is_remembered_until_so_many_others_came() {
        let mut cursors = Cursors::default();
        let texts = ["", "007", "-1", "+5", "9223372036854775808", "7f-0-1", "ä"];
        let told = texts.map(|text| (cursors.tell(text.to_owned()), text));
        for (number, text) in told {
            assert_eq!(cursors.text(number).as_deref(), Some(text));
        }
        for n in 0..REMEMBERED {
            cursors.tell(format!("key {n}"));
        }
        for (number, text) in told {
            assert_eq!(cursors.text(number), None, "{text:?} is forgotten");
        }
        assert_eq!(cursors.text(FIRST + 10).as_deref(), Some("key 3"));
    }

    #[test]
    fn text_of_a_number_that_was_not_told_is_none() {
        let cursors = Cursors::default();
        assert_eq!(cursors.text(FIRST), None);
        assert_eq!(cursors.text(u64::MAX), None);
    }
}
