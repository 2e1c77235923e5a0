//! Which image a person means: by its id, by the beginning of its id, or by its name.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use super::error::RequestError;
use crate::event::line::printable;
use crate::id::{ImageId, UserName};
use crate::protocol::Listed;

/// The fewest digits of an id that are taken for its beginning.
///
/// Fewer are too likely to begin more than one, and look like many a name.
const PREFIX_DIGITS_MIN: usize = 4;

/// Which image a person means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The one of this id.
    Id(ImageId),
    /// The newest of this name, or the only one whose id begins so.
    Text(String),
}

impl FromStr for Selector {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.parse() {
            Ok(image) => Self::Id(image),
            Err(_) => Self::Text(text.to_owned()),
        })
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(image) => image.fmt(f),
            Self::Text(text) => f.write_str(&printable(text)),
        }
    }
}

/// The image that is meant, and what else might have been.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The image.
    pub(super) listed: Listed,
    /// Other images whose ids begin with what was taken for a name, newest first.
    pub(super) passed_over: Vec<ImageId>,
}

/// Finds what `text` means among images that are listed newest first.
///
/// A name goes before the beginning of an id: who means the id can give more digits, and who means
/// the name has no other.
///
/// # Errors
///
/// When it is nothing, or the beginning of several ids.
pub(super) fn choose(text: &str, user: &UserName, listed: Vec<Listed>) -> Result<Chosen, RequestError> {
    let named = listed.iter().find(|listed| listed.entry.file == text).cloned();
    let mut candidates = beginning_with(text, listed);
    if let Some(named) = named {
        let others = candidates.iter().map(|listed| listed.entry.image);
        let passed_over = others.filter(|&image| image != named.entry.image).collect();
        return Ok(Chosen {
            listed: named,
            passed_over,
        });
    }
    match (candidates.pop(), candidates.is_empty()) {
        (Some(listed), true) => Ok(Chosen {
            listed,
            passed_over: Vec::new(),
        }),
        (Some(last), false) => {
            candidates.push(last);
            Err(RequestError::Ambiguous {
                prefix: text.to_owned(),
                candidates,
            })
        }
        (None, _) => Err(RequestError::NoSuchImage {
            wanted: Selector::Text(text.to_owned()),
            user: user.clone(),
        }),
    }
}

/// Returns the images whose ids begin with `text`; none where that is no beginning of an id.
fn beginning_with(text: &str, listed: Vec<Listed>) -> Vec<Listed> {
    if !is_prefix(text) {
        return Vec::new();
    }
    let beginning = text.to_ascii_lowercase();
    let begins = |listed: &Listed| listed.entry.image.to_string().starts_with(&beginning);
    listed.into_iter().filter(begins).collect()
}

fn is_prefix(text: &str) -> bool {
    text.len() >= PREFIX_DIGITS_MIN && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Epoch;
    use crate::protocol::{Entry, ImageKind};

    fn user() -> UserName {
        "alice".parse().expect("valid")
    }

    /// An image whose id begins with these digits.
    fn image(digits: &str, file: &str) -> Listed {
        Listed {
            entry: Entry {
                image: format!("{digits:0<32}").parse().expect("an id"),
                user: user(),
                file: file.to_owned(),
                kind: ImageKind::Png,
                body_bytes: 20,
                created_ms: 0,
                epoch: Epoch(1),
            },
            nodes: Vec::new(),
        }
    }

    fn chosen(text: &str, listed: &[Listed]) -> Result<String, String> {
        let chosen = choose(text, &user(), listed.to_vec());
        chosen
            .map(|chosen| chosen.listed.entry.image.to_string()[..8].to_owned())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_full_id_needs_no_list() {
        let digits = "0123456789abcdef0123456789ABCDEF";
        assert!(matches!(digits.parse(), Ok(Selector::Id(_))));
        assert!(matches!(digits[1..].parse(), Ok(Selector::Text(_))));
    }

    #[test]
    fn the_newest_of_a_name_is_meant() {
        let listed = [image("cc", "a.png"), image("bb", "b.png"), image("aa", "a.png")];
        assert_eq!(chosen("a.png", &listed), Ok("cc000000".to_owned()));
    }

    #[test]
    fn the_beginning_of_one_id_is_enough() {
        let listed = [image("abcd1", "a.png"), image("abcd2", "b.png")];
        assert_eq!(chosen("ABCD2", &listed), Ok("abcd2000".to_owned()));
        let none = "no image \"abc\" of alice; `heirloom list --user alice` shows what there is";
        assert_eq!(chosen("abc", &listed), Err(none.to_owned()), "too short");
    }

    #[test]
    fn the_beginning_of_several_ids_shows_them() {
        let listed = [image("abcd1", "a.png"), image("abcd2", "b\u{1b}.png")];
        assert_eq!(
            chosen("abcd", &listed),
            Err(
                "\"abcd\" begins the ids of 2 images: abcd1000000000000000000000000000 (a.png), \
                 abcd2000000000000000000000000000 (\"b\\u{1b}.png\"); give more digits"
                    .to_owned()
            )
        );
    }

    #[test]
    fn a_name_wins_over_the_beginning_of_an_id() {
        let listed = [image("beef", "a.png"), image("1234", "beef")];
        assert_eq!(chosen("beef", &listed), Ok("12340000".to_owned()));
        let chosen = choose("beef", &user(), listed.to_vec()).expect("a name");
        assert_eq!(chosen.passed_over, [listed[0].entry.image], "and is told of");
    }

    #[test]
    fn an_image_called_as_its_own_id_begins_passes_nothing_over() {
        let chosen = choose("beef", &user(), vec![image("beef", "beef")]).expect("a name");
        assert_eq!(chosen.passed_over, []);
    }
}
