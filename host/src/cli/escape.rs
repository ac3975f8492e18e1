//! Escapes for terminals, and the quoting of `redis-cli`.

/// Escapes control characters except line feeds and tabs, and bytes that are not UTF-8. A backslash
/// stays as it is.
pub(crate) fn for_terminal(bytes: &[u8]) -> Vec<u8> {
    escape(bytes, |character| matches!(character, '\n' | '\t'))
}

/// Escapes control characters, so that the text stays on one line.
pub(crate) fn in_line(text: &str) -> Vec<u8> {
    escape(text.as_bytes(), |_| false)
}

/// Escapes the control characters that JSON leaves in its strings.
pub(crate) fn json_for_terminal(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_control() && character >= '\x7f' {
            shown += &format!("\\u{:04x}", u32::from(character));
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Quotes text as `redis-cli` does: in double quotes, bytes beyond printable ASCII as `\xNN`.
pub(crate) fn quoted(text: &str) -> Vec<u8> {
    let mut quoted = vec![b'"'];
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend([b'\\', byte]),
            b' '..=b'~' => quoted.push(byte),
            _ => push_escaped(&mut quoted, byte),
        }
    }
    quoted.push(b'"');
    quoted
}

fn escape(bytes: &[u8], is_kept: impl Fn(char) -> bool) -> Vec<u8> {
    let mut shown = Vec::with_capacity(bytes.len());
    let mut buffer = [0; 4];
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            let encoded = character.encode_utf8(&mut buffer).as_bytes();
            if character.is_control() && !is_kept(character) {
                encoded
                    .iter()
                    .for_each(|&byte| push_escaped(&mut shown, byte));
            } else {
                shown.extend(encoded);
            }
        }
        let invalid = chunk.invalid().iter();
        invalid.for_each(|&byte| push_escaped(&mut shown, byte));
    }
    shown
}

fn push_escaped(shown: &mut Vec<u8>, byte: u8) {
    let escaped = match byte {
        b'\n' => r"\n",
        b'\r' => r"\r",
        b'\t' => r"\t",
        b'\x07' => r"\a",
        b'\x08' => r"\b",
        _ => return shown.extend(format!("\\x{byte:02x}").into_bytes()),
    };
    shown.extend(escaped.bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn for_terminal_control_characters_are_escaped_and_text_stays() {
        for (bytes, shown) in [
            (&b"plain \\ text\n\tmore\n"[..], "plain \\ text\n\tmore\n"),
            ("größe ☃".as_bytes(), "größe ☃"),
            (b"\x1b[2J\r\x07\0\x7f", r"\x1b[2J\r\a\x00\x7f"),
            ("\u{9b}2J".as_bytes(), r"\xc2\x9b2J"),
            (b"a\xff\xfeb", r"a\xff\xfeb"),
        ] {
            assert_eq!(String::from_utf8_lossy(&for_terminal(bytes)), shown);
        }
    }

    #[test]
    fn in_line_leaves_no_line_feed() {
        assert_eq!(in_line("a\nb\tc"), br"a\nb\tc");
    }

    #[test]
    fn json_for_terminal_is_the_same_json_without_control_characters() {
        let json = "\"a\u{7f}\u{9b}b\u{e9}\"\n";
        assert_eq!(json_for_terminal(json), "\"a\\u007f\\u009bb\u{e9}\"\n");
    }

    #[test]
    fn quoted_is_as_redis_cli_writes_it() {
        assert_eq!(quoted("a\nb\"\\\u{e9}\x1b"), br#""a\nb\"\\\xc3\xa9\x1b""#);
    }
}
