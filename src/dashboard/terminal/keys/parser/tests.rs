//! Bytes in, keys out, however the bytes are cut.

use proptest::prelude::*;

use super::*;

/// What `bytes` mean when nothing comes after them.
fn typed(pieces: &[&[u8]]) -> Vec<Typed> {
    let (mut parser, mut typed) = (Parser::default(), Vec::new());
    for piece in pieces {
        parser.feed(piece, &mut typed);
    }
    while parser.patience().is_some() {
        parser.nothing_came(&mut typed);
    }
    typed
}

fn one(bytes: &[u8]) -> (KeyCode, KeyModifiers) {
    match typed(&[bytes]).as_slice() {
        [Typed::Key(key)] => (key.code, key.modifiers),
        other => panic!("{bytes:?} is {other:?}"),
    }
}

#[test]
fn characters_are_themselves() {
    assert_eq!(one(b"q"), (KeyCode::Char('q'), KeyModifiers::NONE));
    assert_eq!(one(b"X"), (KeyCode::Char('X'), KeyModifiers::SHIFT));
    assert_eq!(one(b"!"), (KeyCode::Char('!'), KeyModifiers::NONE));
    assert_eq!(one("ü".as_bytes()), (KeyCode::Char('ü'), KeyModifiers::NONE));
    assert_eq!(one("像".as_bytes()), (KeyCode::Char('像'), KeyModifiers::NONE));
}

#[test]
fn control_characters_have_names_or_letters() {
    assert_eq!(one(b"\r"), (KeyCode::Enter, KeyModifiers::NONE));
    assert_eq!(one(b"\t"), (KeyCode::Tab, KeyModifiers::NONE));
    assert_eq!(one(b"\x7f"), (KeyCode::Backspace, KeyModifiers::NONE));
    assert_eq!(one(b"\x08"), (KeyCode::Backspace, KeyModifiers::NONE));
    assert_eq!(one(b"\x03"), (KeyCode::Char('c'), KeyModifiers::CONTROL));
    assert_eq!(one(b"\x1a"), (KeyCode::Char('z'), KeyModifiers::CONTROL));
    assert_eq!(one(b"\x1c"), (KeyCode::Char('4'), KeyModifiers::CONTROL));
    assert_eq!(one(b"\0"), (KeyCode::Char(' '), KeyModifiers::CONTROL));
}

#[test]
fn sequences_are_keys_with_what_was_held() {
    let none = KeyModifiers::NONE;
    for (bytes, code) in [
        (&b"\x1b[A"[..], KeyCode::Up),
        (b"\x1bOB", KeyCode::Down),
        (b"\x1b[H", KeyCode::Home),
        (b"\x1b[4~", KeyCode::End),
        (b"\x1b[3~", KeyCode::Delete),
        (b"\x1b[5~", KeyCode::PageUp),
        (b"\x1bOP", KeyCode::F(1)),
        (b"\x1b[[E", KeyCode::F(5)),
        (b"\x1b[15~", KeyCode::F(5)),
        (b"\x1b[17~", KeyCode::F(6)),
        (b"\x1b[24~", KeyCode::F(12)),
    ] {
        assert_eq!(one(bytes), (code, none), "{bytes:?}");
    }
    assert_eq!(one(b"\x1b[Z"), (KeyCode::BackTab, KeyModifiers::SHIFT));
    assert_eq!(one(b"\x1b[1;5C"), (KeyCode::Right, KeyModifiers::CONTROL));
    assert_eq!(
        one(b"\x1b[6;4~"),
        (KeyCode::PageDown, KeyModifiers::SHIFT | KeyModifiers::ALT)
    );
    assert_eq!(one(b"\x1bx"), (KeyCode::Char('x'), KeyModifiers::ALT));
}

#[test]
fn an_escape_is_a_key_once_nothing_follows() {
    let (mut parser, mut typed) = (Parser::default(), Vec::new());
    parser.feed(b"\x1b", &mut typed);
    assert!(typed.is_empty());
    assert_eq!(parser.patience(), Some(ESCAPE_PATIENCE));
    parser.nothing_came(&mut typed);
    assert_eq!(typed, [key(KeyCode::Esc, KeyModifiers::NONE)]);
    assert_eq!(parser.patience(), None);
}

#[test]
fn escapes_in_a_row_are_keys_and_do_not_spoil_what_follows() {
    let expected = [
        key(KeyCode::Esc, KeyModifiers::NONE),
        key(KeyCode::Esc, KeyModifiers::NONE),
        key(KeyCode::Up, KeyModifiers::NONE),
    ];
    assert_eq!(typed(&[b"\x1b\x1b\x1b[A"]), expected);
}

#[test]
fn what_is_not_known_is_dropped_whole() {
    let q = [key(KeyCode::Char('q'), KeyModifiers::NONE)];
    for unknown in [
        &b"\x1b[I"[..],
        b"\x1b[<0;1;1M",
        b"\x1b[?62;4c",
        b"\x1b[99~",
        b"\xff",
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x07",
        b"\x1b]11;rgb:1e1e/1e1e/1e1e\x1b\\",
        b"\x1bP>|XTerm(390)\x1b\\",
        b"\x1b_Gi=1;OK\x1b\\",
        b"\x1bXanything\x1b\\",
        b"\x1b^anything\x1b\\",
        &[&b"\x1b["[..], &vec![b'1'; 100_000], b"X"].concat(),
        &[&b"\x1b]"[..], &vec![b'X'; 100_000], b"\x07"].concat(),
    ] {
        let mut bytes = unknown.to_vec();
        bytes.push(b'q');
        assert_eq!(typed(&[&bytes]), q, "{unknown:?}");
    }
}

#[test]
fn an_answer_whose_end_never_comes_ends_after_a_pause_or_by_a_control_character() {
    let (mut parser, mut typed) = (Parser::default(), Vec::new());
    parser.feed(b"\x1b]11;rgb:", &mut typed);
    assert_eq!(parser.patience(), Some(unheard::PATIENCE));
    parser.nothing_came(&mut typed);
    assert_eq!((typed.as_slice(), parser.patience()), (&[][..], None));
    parser.feed(b"\x1b]11;rgb:\x03\x1bP1\x1b[A", &mut typed);
    let ctrl_c = key(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(typed, [ctrl_c, key(KeyCode::Up, KeyModifiers::NONE)]);
}

#[test]
fn what_an_answer_begins_with_is_a_key_when_nothing_follows() {
    assert_eq!(one(b"\x1b]"), (KeyCode::Char(']'), KeyModifiers::ALT));
    assert_eq!(
        one(b"\x1bP"),
        (KeyCode::Char('P'), KeyModifiers::ALT | KeyModifiers::SHIFT)
    );
}

#[test]
fn a_paste_is_one_thing_whatever_it_holds() {
    let pasted = typed(&[b"\x1b[200~alice\r\x1b[A\x1b\x1b[20", b"0~\x1b[201", b"~q"]);
    let text = "alice\r\u{1b}[A\u{1b}\u{1b}[200~".to_owned();
    let q = key(KeyCode::Char('q'), KeyModifiers::NONE);
    assert_eq!(pasted, [Typed::Paste(text), q]);
}

#[test]
fn a_paste_of_a_megabyte_keeps_what_a_field_can_hold() {
    let mut bytes = b"\x1b[200~a".to_vec();
    bytes.extend("ü".repeat(1 << 19).as_bytes());
    bytes.extend(PASTE_END);
    bytes.push(b'q');
    let pasted = typed(&[&bytes]);
    let [Typed::Paste(text), Typed::Key(_)] = pasted.as_slice() else {
        panic!("{} things", pasted.len());
    };
    assert_eq!(text.len(), PASTE_BYTES_MAX - 1, "no half character at the end");
    assert!(text.ends_with('ü'));
}

#[test]
fn a_paste_whose_end_never_comes_ends_by_itself() {
    let (mut parser, mut typed) = (Parser::default(), Vec::new());
    parser.feed(b"\x1b[200~bob", &mut typed);
    assert_eq!(parser.patience(), Some(PASTE_PATIENCE));
    parser.nothing_came(&mut typed);
    parser.feed(b"q", &mut typed);
    let q = key(KeyCode::Char('q'), KeyModifiers::NONE);
    assert_eq!(typed, [Typed::Paste("bob".to_owned()), q]);
}

proptest! {
    #[test]
    fn it_does_not_matter_how_bytes_are_cut(
        bytes in prop::collection::vec(prop_oneof![any::<u8>(), Just(ESCAPE), Just(b'['), Just(b'~')], 0..200),
        cut in 0..200_usize,
    ) {
        let (before, after) = bytes.split_at(cut.min(bytes.len()));
        prop_assert_eq!(typed(&[before, after]), typed(&[&bytes]));
    }

    #[test]
    fn what_is_held_back_is_bounded(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut parser = Parser::default();
        parser.feed(&bytes, &mut Vec::new());
        prop_assert!(parser.begun.len() < SEQUENCE_BYTES_MAX);
        prop_assert!(parser.paste.is_none_or(|paste| paste.kept.len() <= PASTE_BYTES_MAX));
    }
}
