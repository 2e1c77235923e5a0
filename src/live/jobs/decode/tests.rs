use std::path::PathBuf;

use ::image::{Rgb, RgbImage, Rgba, RgbaImage};
use tempfile::TempDir;

use super::*;

/// Writes `image` as `name`, in the format of its extension.
fn saved(name: &str, image: &DynamicImage) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join(name);
    image.save(&path).expect("written");
    (folder, path)
}

fn written(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("made");
    let path = folder.path().join("file");
    std::fs::write(&path, content).expect("written");
    (folder, path)
}

/// Half red, half blue.
fn halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x| {
        if x < width / 2 {
            Rgb([250, 0, 0])
        } else {
            Rgb([0, 0, 250])
        }
    };
    RgbImage::from_fn(width, height, |x, _| colour(x)).into()
}

fn refused(path: &Path) -> String {
    picture(path, (8, 8)).expect_err("refused").to_string()
}

#[test]
fn every_kind_that_is_previewed_is_made_small_in_its_shape() {
    for name in ["a.png", "a.jpg", "a.gif", "a.webp", "a.bmp", "a.tiff"] {
        let (_folder, path) = saved(name, &halves(300, 200));
        let Decoded { header, pixels } = picture(&path, (30, 28)).expect("decoded");
        assert_eq!((header.width, header.height), (300, 200), "{name}");
        assert_eq!((pixels.width(), pixels.height()), (30, 20), "{name}");
        let [red, _, blue] = pixels.at(2, 10).expect("inside");
        assert!(red > 200 && blue < 50, "{name}: left is red");
        let [red, _, blue] = pixels.at(27, 10).expect("inside");
        assert!(red < 50 && blue > 200, "{name}: right is blue");
    }
}

#[test]
fn a_small_image_is_not_blown_up() {
    let (_folder, path) = saved("a.png", &halves(4, 2));
    let pixels = picture(&path, (80, 80)).expect("decoded").pixels;
    assert_eq!((pixels.width(), pixels.height()), (4, 2));
}

#[test]
fn what_is_clear_shows_grey() {
    let mut image = RgbaImage::from_pixel(2, 1, Rgba([10, 20, 30, 255]));
    image.put_pixel(1, 0, Rgba([255, 255, 255, 0]));
    let (_folder, path) = saved("a.png", &image.into());
    let pixels = picture(&path, (2, 2)).expect("decoded").pixels;
    assert_eq!(
        (pixels.at(0, 0), pixels.at(1, 0)),
        (Some([10, 20, 30]), Some([128; 3]))
    );
}

#[test]
fn what_is_no_picture_is_said_with_its_reason() {
    let (_folder, text) = written(b"dear diary\n");
    assert!(refused(&text).starts_with("it looks like text, not like an image"));
    let (_folder, avif) = written(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf");
    assert_eq!(
        refused(&avif),
        "no preview of AVIF; it can be uploaded all the same"
    );
    let (_folder, cut) = written(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR");
    assert!(refused(&cut).starts_with("no preview: "));
    assert_eq!(refused(Path::new("/dev/zero")), "it is no regular file");
    assert!(refused(Path::new("/nowhere/a.png")).starts_with("it could not be read: "));
}

/// A bitmap whose header claims a size, and nothing behind it.
fn claimed(width: i32, height: i32) -> Vec<u8> {
    let mut head = b"BM".to_vec();
    head.extend([0; 8]);
    head.extend(54_u32.to_le_bytes());
    head.extend(40_u32.to_le_bytes());
    head.extend(width.to_le_bytes());
    head.extend(height.to_le_bytes());
    head.extend([1, 0, 24, 0]);
    head.extend([0; 24]);
    head
}

#[test]
fn a_bomb_is_refused_before_any_memory_is_taken() {
    let (_folder, large) = written(&claimed(30_000, 30_000));
    assert_eq!(
        refused(&large),
        "no preview: 30000x30000 is too large; it can be uploaded all the same"
    );
    let (_folder, long) = written(&claimed(1_000_000, 1));
    assert!(refused(&long).starts_with("no preview: "), "{}", refused(&long));
}

#[test]
fn encrypted_bytes_are_drawn_as_they_are_in_the_shape_of_the_picture() {
    let content: Vec<u8> = (0..=255).collect();
    let (_folder, path) = written(&content);
    let Decoded { header, pixels } = bytes(&path, (8, 8), Some((1200, 600))).expect("read");
    assert_eq!((header.kind, pixels.width(), pixels.height()), (None, 8, 4));
    assert_eq!(
        (pixels.at(0, 0), pixels.at(7, 3)),
        (Some([0, 1, 2]), Some([93, 94, 95]))
    );
    let (_folder, empty) = written(b"");
    assert_eq!(bytes(&empty, (8, 8), None).expect("read").pixels.height(), 0);
}

#[test]
fn a_short_file_is_drawn_in_larger_pixels_and_none_is_made_up() {
    let (_folder, path) = written(&(0..=20).collect::<Vec<u8>>());
    let pixels = bytes(&path, (8, 4), None).expect("read").pixels;
    assert_eq!((pixels.width(), pixels.height()), (8, 4));
    let (first, second) = ([0, 1, 2], [3, 4, 5]);
    assert_eq!(
        (pixels.at(0, 0), pixels.at(2, 3), pixels.at(3, 0)),
        (Some(first), Some(first), Some(second))
    );
    let known = |colour: &[u8; 3]| colour[0].is_multiple_of(3) && colour[1] == colour[0] + 1;
    assert!(pixels.colours().iter().all(known));
}

#[test]
fn what_is_written_is_read_back() {
    let (_folder, path) = saved("a.png", &halves(30, 20));
    let decoded = picture(&path, (30, 20)).expect("decoded");
    let mut written = Vec::new();
    decoded.write(&mut written).expect("written");
    assert!(written.len() as u64 <= Decoded::written_bytes_max((30, 20)));
    assert_eq!(Decoded::read(&written), Some(decoded));
    for nonsense in [&b""[..], b"\n", b"{}\nabc", &[0; 5000]] {
        assert_eq!(Decoded::read(nonsense), None);
    }
}

#[test]
fn every_shape_fits_within_its_bounds() {
    for shape in [
        (1, 1),
        (1, u32::MAX),
        (u32::MAX, 1),
        (1200, 800),
        (0, 0),
        (7, 900),
    ] {
        for within in [(0, 0), (1, 1), (38, 28), (u16::MAX, u16::MAX)] {
            let (width, height) = fitted(shape, within);
            assert!(width >= 1 && height >= 1);
            assert!(
                width <= within.0.max(1) && height <= within.1.max(1),
                "{shape:?} in {within:?}"
            );
        }
    }
}
