//! The person's clipboard, reached through their terminal, over ssh too: the sequence OSC 52.

/// The longest text that is copied, in bytes.
///
/// Terminals forget longer sequences without a word; xterm's limit, 100,000 bytes of base64, is the
/// lowest of those in use.
pub(super) const TEXT_BYTES_MAX: usize = 74_000;

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Returns the sequence that puts `text` on the clipboard; of a text that is too long, its end.
///
/// The end, because what is copied is a log, and its end is what just happened.
pub(super) fn sequence(text: &str) -> Vec<u8> {
    let mut from = text.len().saturating_sub(TEXT_BYTES_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let mut sequence = b"\x1b]52;c;".to_vec();
    for chunk in text.as_bytes()[from..].chunks(3) {
        sequence.extend(base64(chunk));
    }
    sequence.push(0x07);
    sequence
}

/// Encodes one to three bytes.
fn base64(chunk: &[u8]) -> [u8; 4] {
    let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
    let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
    let digit = |at: usize| {
        if at > chunk.len() {
            b'='
        } else {
            DIGITS[(bits >> (18 - 6 * at) & 0x3f) as usize]
        }
    };
    [digit(0), digit(1), digit(2), digit(3)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(text: &str) -> String {
        String::from_utf8(sequence(text)).expect("ASCII")
    }

    /// The vectors of RFC 4648, section 10.
    #[test]
    fn text_is_sent_as_base64() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (text, encoded) in vectors {
            assert_eq!(copied(text), format!("\u{1b}]52;c;{encoded}\u{7}"));
        }
        assert_eq!(copied("\u{fffd}?>"), "\u{1b}]52;c;77+9Pz4=\u{7}");
    }

    #[test]
    fn of_a_long_text_the_end_is_copied_and_no_character_is_cut() {
        let text = format!("{}ö{}", "a".repeat(100), "b".repeat(TEXT_BYTES_MAX - 1));
        assert_eq!(copied(&text), copied(&"b".repeat(TEXT_BYTES_MAX - 1)));
    }
}
