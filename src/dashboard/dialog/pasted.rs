//! The path in what somebody typed, pasted or dropped.
//!
//! File managers and terminals write a dropped file in many ways: quoted, with backslashes before
//! what a shell would understand, or as a `file://` address. None of these touches the disk here.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The most bytes that are looked at: no system opens a longer path.
const PATH_BYTES_MAX: usize = 4096;

/// Returns the path that `text` names, resolved against `folder`.
///
/// One that begins with `~` is left so: whoever opens it knows whose home that is. Of several lines the first counts. `None` when nothing is left.
#[must_use]
pub(super) fn path(text: &str, folder: &Path) -> Option<PathBuf> {
    let text = &text[..text.floor_char_boundary(PATH_BYTES_MAX)];
    let line = text.trim_start().lines().next()?.trim_end();
    let bytes = match (address(line), quoted(line)) {
        (Some(address), _) => unescaped_address(address),
        (None, Some(inside)) => inside.as_bytes().to_vec(),
        (None, None) => without_backslashes(line),
    };
    if bytes.is_empty() || bytes.contains(&0) {
        return None;
    }
    let named = PathBuf::from(os_string(bytes));
    Some(if named.starts_with("~") {
        named
    } else {
        folder.join(named)
    })
}

/// Returns what follows `file://` and the name of this host, if it is such an address.
fn address(line: &str) -> Option<&str> {
    let line = quoted(line).unwrap_or(line);
    let rest = line.strip_prefix("file://")?;
    let rest = rest.strip_prefix("localhost").unwrap_or(rest);
    rest.starts_with('/').then_some(rest)
}

fn quoted(line: &str) -> Option<&str> {
    ['"', '\''].into_iter().find_map(|quote| {
        let inside = line.strip_prefix(quote)?.strip_suffix(quote)?;
        (!inside.is_empty()).then_some(inside)
    })
}

/// Reads `%20` and its like; what is no such escape stays as it is.
fn unescaped_address(address: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let [first, after @ ..] = rest {
        let escaped = (*first == b'%').then(|| hexadecimal(after)).flatten();
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    bytes
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (high, low) = (digit(digits.first()?)?, digit(digits.get(1)?)?);
    u8::try_from(high * 16 + low).ok()
}

/// Takes off the backslashes that a shell would.
fn without_backslashes(line: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut escaped = false;
    for byte in line.bytes() {
        if byte == b'\\' && !escaped {
            escaped = true;
        } else {
            bytes.push(byte);
            escaped = false;
        }
    }
    bytes
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn named(text: &str) -> Option<PathBuf> {
        path(text, Path::new("/here"))
    }

    #[test]
    fn a_dropped_file_is_found_however_it_is_written() {
        let expected = Some(PathBuf::from("/tmp/my trip.png"));
        for text in [
            "/tmp/my trip.png",
            "  /tmp/my trip.png \n",
            "'/tmp/my trip.png'",
            "\"/tmp/my trip.png\"\n",
            "/tmp/my\\ trip.png",
            "file:///tmp/my%20trip.png",
            "file://localhost/tmp/my%20trip.png\r\n",
            "'file:///tmp/my%20trip.png'",
            "/tmp/my trip.png\n/tmp/another.png",
        ] {
            assert_eq!(named(text), expected, "{text:?}");
        }
    }

    #[test]
    fn relative_paths_start_in_the_folder_and_tilde_stays() {
        assert_eq!(named("a.png"), Some("/here/a.png".into()));
        assert_eq!(named("../b"), Some("/here/../b".into()));
        assert_eq!(named("~/c.png"), Some("~/c.png".into()));
        assert_eq!(named("~"), Some("~".into()));
        assert_eq!(named("~bob"), Some("/here/~bob".into()));
    }

    #[cfg(unix)]
    #[test]
    fn bytes_that_are_no_text_survive_an_address() {
        use std::os::unix::ffi::OsStrExt;
        let found = named("file:///caf%e9%").expect("a path");
        assert_eq!(found.as_os_str().as_bytes(), b"/caf\xe9%");
    }

    #[test]
    fn nothing_is_no_path() {
        for text in ["", " \n ", "\u{0}", "file:///a%00b", "\n\n"] {
            assert_eq!(named(text), None, "{text:?}");
        }
    }

    #[test]
    fn of_a_megabyte_only_the_beginning_is_looked_at() {
        let found = named(&"ä".repeat(500_000)).expect("a path");
        assert!(found.as_os_str().len() <= PATH_BYTES_MAX + "/here/".len());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>()) {
            let found = named(&text);
            prop_assert!(found.is_none_or(|path| path.is_absolute() || text.contains('~')));
        }

        #[test]
        fn what_a_shell_would_quote_comes_back(name in "[a-z \\\\'\"()&é]{1,40}[a-z]") {
            let mut escaped = String::from("/");
            for c in name.chars() {
                escaped.extend(['\\', c]);
            }
            prop_assert_eq!(named(&escaped), Some(Path::new("/").join(&name)));
        }
    }
}
