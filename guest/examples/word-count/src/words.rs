//! Splitting a text into words.

/// The longest word, in characters. Longer ones are not words of a language.
pub const LONGEST: usize = 40;

/// Returns the words of a text in lower case, in their order: letters, and apostrophes between
/// them.
pub fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphabetic() && c != '\'')
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty() && word.chars().count() <= LONGEST)
        .map(str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_text_are_letters_in_lower_case() {
        let words: Vec<_> = words("Don't 'quote' 2 Straßen; x_y").collect();
        assert_eq!(words, ["don't", "quote", "straßen", "x", "y"]);
    }

    #[test]
    fn words_longer_than_any_word_are_left_out() {
        let text = format!("a {} b", "x".repeat(LONGEST + 1));
        assert_eq!(words(&text).count(), 2);
    }
}
