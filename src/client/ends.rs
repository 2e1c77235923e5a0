//! What a person reads at the end of a download, a list or a delete.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use bytesize::ByteSize;

use super::columns::{aligned, narrow};
use super::saved::printable_path;
use super::{Deleted, Downloaded, Form, Listing};
use crate::encryption::IV_BYTES;
use crate::event::line::{counted, printable, quoted};
use crate::id::{ImageId, UserName};
use crate::protocol::Listed;

/// The columns of a list.
const HEADINGS: [&str; 6] = ["ID", "NAME", "SIZE", "KIND", "UPLOADED", "NODES"];

/// Which of them is the name.
const NAME: usize = 1;

/// The fewest letters that are left of a long name: `IMG_20240…093012.jpg`.
///
/// With fewer, names that cameras give could not be told apart; a narrower terminal breaks the rows.
const NAME_LETTERS_MIN: usize = 20;

/// The fewest digits of an id that are shown: enough to type, and seldom shared by two.
const ID_DIGITS_MIN: usize = 8;

/// The digits of a whole id.
const ID_DIGITS: usize = 32;

/// Returns the lines at the end of a download.
#[must_use]
pub fn downloaded(downloaded: &Downloaded) -> Vec<String> {
    let what = match downloaded.form {
        Form::Plain => "Image",
        Form::Encrypted => "Encrypted image",
    };
    vec![
        sent_by(downloaded),
        "✓ Success!".to_owned(),
        format!("{what} saved to: {}", printable_path(&downloaded.saved)),
    ]
}

/// Returns the line that says who sent an image, and what was done to it here.
#[must_use]
pub fn sent_by(Downloaded { server, form, .. }: &Downloaded) -> String {
    let how = match form {
        Form::Plain => "decrypted here",
        Form::Encrypted => "kept encrypted",
    };
    format!("    → sent by server {server}, {how}")
}

/// Returns the lines at the end of a delete.
#[must_use]
pub fn deleted(deleted: &Deleted) -> Vec<String> {
    let Deleted {
        image,
        file,
        server,
        copies,
        members,
        ..
    } = deleted;
    let what = match file {
        Some(file) => format!("Deleted: {} ({image})", quoted(file)),
        None => format!("Deleted: {image}"),
    };
    vec![
        format!("    → deleted by server {server}, marked on {copies} of {members} nodes"),
        "✓ Success!".to_owned(),
        what,
    ]
}

/// Says which images were not meant because what was asked for is the name of another, if any.
#[must_use]
pub fn passed_over(wanted: &str, others: &[ImageId]) -> Option<String> {
    let which = match others {
        [] => return None,
        [only] => format!("that of image {only}"),
        [..] => format!("those of {}", counted(others.len() as u64, "other image")),
    };
    Some(format!(
        "{} was taken for a name; an id that begins so is {which}, for which more digits are needed",
        quoted(wanted)
    ))
}

/// Returns the lines at the end of a list, the images included.
#[must_use]
pub fn listed(
    listing: &Listing,
    user: &UserName,
    matching: Option<&str>,
    columns: Option<usize>,
) -> Vec<String> {
    let Listing {
        images,
        server,
        nodes,
        members,
        ..
    } = listing;
    let mut lines = vec![
        format!("    → listed by server {server}, as {nodes} of {members} nodes know it"),
        "✓ Success!".to_owned(),
    ];
    if images.is_empty() {
        lines.push(nothing(user, matching));
    } else {
        lines.extend(table(images, columns));
    }
    lines
}

/// Says that a list has no image.
#[must_use]
pub fn nothing(user: &UserName, matching: Option<&str>) -> String {
    match matching {
        Some(text) => format!("No image of {user} matches {:?}", printable(text)),
        None => format!("{user} has no images"),
    }
}

/// Returns the lines of a table of images.
///
/// On a terminal of so many `columns`, long names are cut in the middle rather than every row
/// broken; whatever else reads the table gets them whole.
#[must_use]
pub fn table(images: &[Listed], columns: Option<usize>) -> Vec<String> {
    let digits = distinct_digits(images);
    let mut rows = vec![HEADINGS.map(str::to_owned)];
    rows.extend(images.iter().map(|listed| row(listed, digits)));
    if let Some(columns) = columns {
        narrow(&mut rows, NAME, columns, NAME_LETTERS_MIN);
    }
    aligned(&rows)
}

fn row(Listed { entry, nodes }: &Listed, digits: usize) -> [String; HEADINGS.len()] {
    let nodes: Vec<String> = nodes.iter().map(ToString::to_string).collect();
    let bytes = entry.body_bytes.saturating_sub(IV_BYTES as u64);
    [
        entry.image.to_string()[..digits].to_owned(),
        quoted(&entry.file).into_owned(),
        ByteSize(bytes).to_string(),
        entry.kind.to_string(),
        when(entry.created_ms),
        nodes.join(" "),
    ]
}

/// Returns a time as people and programs read it, to the second, in UTC.
fn when(unix_ms: u64) -> String {
    let time = SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(unix_ms));
    // A client whose clock is beyond the year 9999 uploaded it.
    let readable = time.filter(|_| unix_ms < 253_402_300_800_000);
    readable.map_or_else(
        || "-".to_owned(),
        |time| humantime::format_rfc3339_seconds(time).to_string(),
    )
}

/// Returns how many digits tell these images apart.
fn distinct_digits(images: &[Listed]) -> usize {
    let ids: BTreeSet<String> = images
        .iter()
        .map(|listed| listed.entry.image.to_string())
        .collect();
    let neighbours = ids.iter().zip(ids.iter().skip(1));
    let shared =
        neighbours.map(|(one, next)| one.bytes().zip(next.bytes()).take_while(|(a, b)| a == b).count());
    shared.max().map_or(ID_DIGITS_MIN, |shared| {
        (shared + 1).clamp(ID_DIGITS_MIN, ID_DIGITS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{Epoch, NodeId};
    use crate::protocol::{Entry, ImageKind};

    fn listed(digits: &str, file: &str) -> Listed {
        Listed {
            entry: Entry {
                image: format!("{digits:0<32}").parse().expect("an id"),
                user: "alice".parse().expect("valid"),
                file: file.to_owned(),
                kind: ImageKind::Png,
                body_bytes: 2064,
                created_ms: 1_730_738_456_789,
                epoch: Epoch(1),
            },
            nodes: (1..=3).filter_map(NodeId::new).collect(),
        }
    }

    #[test]
    fn a_list_is_a_table_whatever_the_names_are() {
        let images = [
            listed("0a1b2c3d4", "photo.png"),
            listed("0a1b2c3d5", "b\u{1b}[2J\n.png"),
        ];
        assert_eq!(
            table(&images, None),
            [
                "ID         NAME                SIZE     KIND  UPLOADED              NODES",
                "0a1b2c3d4  photo.png           2.0 KiB  PNG   2024-11-04T16:40:56Z  1 2 3",
                r#"0a1b2c3d5  "b\u{1b}[2J\n.png"  2.0 KiB  PNG   2024-11-04T16:40:56Z  1 2 3"#,
            ]
        );
    }

    #[test]
    fn a_long_name_is_cut_in_the_middle_on_a_terminal_and_nowhere_else() {
        let images = [
            listed("0a", &format!("{}.png", "n".repeat(200))),
            listed("0b", "b.png"),
        ];
        let lengths = |columns| {
            let table = table(&images, columns);
            table.iter().map(|row| row.chars().count()).max()
        };
        assert_eq!(lengths(Some(100)), Some(100));
        let shown = table(&images, Some(80)).concat();
        assert!(shown.contains("…") && shown.contains("nn.png  "), "{shown}");
        assert!(table(&images, None).concat().contains(&"n".repeat(200)));
        assert!(lengths(Some(1)) > Some(60), "no name is cut to nothing");
    }

    #[test]
    fn an_image_that_was_passed_over_is_named() {
        let image = listed("beef", "").entry.image;
        assert_eq!(passed_over("beef", &[]), None);
        let said = passed_over("beef", &[image]).expect("said");
        assert!(said.contains(&image.to_string()), "{said}");
        let said = passed_over("beef", &[image, image]).expect("said");
        assert!(said.contains("2 other images"), "{said}");
    }

    #[test]
    fn as_many_digits_are_shown_as_tell_the_images_apart() {
        assert_eq!(distinct_digits(&[]), 8);
        assert_eq!(distinct_digits(&[listed("aa", ""), listed("ab", "")]), 8);
        let last = format!("{:0<31}1", "");
        assert_eq!(distinct_digits(&[listed("", ""), listed(&last, "")]), 32);
    }

    #[test]
    fn a_clock_far_in_the_future_breaks_no_table() {
        assert_eq!(when(u64::MAX), "-");
        assert_eq!(when(0), "1970-01-01T00:00:00Z");
    }
}
