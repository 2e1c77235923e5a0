//! The paths that a Rust source names, each with its line: `crate::{id::NodeId, time}` is
//! `crate::id::NodeId` and `crate::time`.
//!
//! A scanner, no parser: it knows comments, strings and the trees of `use`, which is all that a
//! path can hide in. A lone name is a path of one segment.

/// A path as it is written, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedPath {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
}

impl NamedPath {
    /// Says whether these segments stand next to each other anywhere in the path.
    pub(crate) fn contains(&self, run: &[&str]) -> bool {
        self.segments.windows(run.len()).any(|window| window == run)
    }

    /// Says whether the path begins with these segments.
    pub(crate) fn starts_with(&self, start: &[&str]) -> bool {
        self.segments.len() >= start.len() && self.segments[..start.len()] == *start
    }
}

/// Returns every path that `source` names, outside comments and strings, in reading order.
pub(crate) fn named_in(source: &str) -> Vec<NamedPath> {
    let tokens = tokens(source);
    let mut paths = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Token::Name(_) = tokens[at].1 {
            at = tree(&tokens, at, &[], &mut paths);
        } else {
            at += 1;
        }
    }
    paths
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    /// `::`
    Separator,
    Other(char),
}

/// Reads one path, or one tree of `use`, whose first token is at `at`; returns where it ends.
fn tree(tokens: &[(usize, Token)], mut at: usize, prefix: &[String], paths: &mut Vec<NamedPath>) -> usize {
    let mut segments = prefix.to_vec();
    let line = tokens[at].0;
    while let Some((_, Token::Name(name))) = tokens.get(at) {
        segments.push(name.clone());
        at += 1;
        if tokens.get(at).map(|token| &token.1) != Some(&Token::Separator) {
            break;
        }
        at += 1;
        match tokens.get(at).map(|token| &token.1) {
            Some(Token::Other('{')) => return branches(tokens, at + 1, &segments, paths),
            Some(Token::Other('*')) => at += 1,
            _ => {}
        }
    }
    paths.push(NamedPath { line, segments });
    at
}

/// Reads what stands between the braces of a tree of `use`; returns where it ends.
fn branches(
    tokens: &[(usize, Token)],
    mut at: usize,
    prefix: &[String],
    paths: &mut Vec<NamedPath>,
) -> usize {
    while let Some((line, token)) = tokens.get(at) {
        match token {
            Token::Other('}') => return at + 1,
            Token::Other('*') => {
                paths.push(NamedPath {
                    line: *line,
                    segments: prefix.to_vec(),
                });
                at += 1;
            }
            Token::Name(name) if name == "as" => at += 2,
            Token::Name(_) => at = tree(tokens, at, prefix, paths),
            Token::Separator | Token::Other(_) => at += 1,
        }
    }
    at
}

fn tokens(source: &str) -> Vec<(usize, Token)> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (source, 1);
    while let Some(first) = rest.chars().next() {
        let (token, length) = next_token(rest, first);
        if let Some(token) = token {
            tokens.push((line, token));
        }
        let (read, left) = rest.split_at(length);
        line += read.matches('\n').count();
        rest = left;
    }
    tokens
}

fn next_token(rest: &str, first: char) -> (Option<Token>, usize) {
    if let Some(length) = skipped(rest) {
        return (None, length);
    }
    if first.is_alphabetic() || first == '_' {
        let length = rest
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(rest.len());
        return (Some(Token::Name(rest[..length].to_owned())), length);
    }
    if rest.starts_with("::") {
        return (Some(Token::Separator), 2);
    }
    let token = (!first.is_whitespace()).then_some(Token::Other(first));
    (token, first.len_utf8())
}

/// Returns the length of the comment, string or character that `rest` begins with.
fn skipped(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    if rest.starts_with("/*") {
        return Some(rest.find("*/").map_or(rest.len(), |end| end + 2));
    }
    if let Some(raw) = rest.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = &raw[hashes + 1..];
            return Some(
                body.find(&end)
                    .map_or(rest.len(), |at| at + 2 + hashes + end.len()),
            );
        }
    }
    if let Some(body) = rest.strip_prefix('"') {
        return Some(1 + quoted(body, '"'));
    }
    character(rest)
}

/// Returns the length of a quoted text after its opening quote, closing quote included.
fn quoted(body: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    body.len()
}

/// Returns the length of a character literal; a lifetime (`'a`) is none.
fn character(rest: &str) -> Option<usize> {
    let body = rest.strip_prefix('\'')?;
    let mut inside = body.chars();
    let first = inside.next()?;
    (first == '\\' || inside.next() == Some('\'')).then(|| 1 + quoted(body, '\''))
}

#[test]
fn trees_of_use_are_taken_apart() {
    let named: Vec<String> = named_in("use crate::{id::{NodeId, Epoch as E}, time::*, config};")
        .iter()
        .map(|path| path.segments.join("::"))
        .collect();
    let expected = [
        "use",
        "crate::id::NodeId",
        "crate::id::Epoch",
        "crate::time",
        "crate::config",
    ];
    assert_eq!(named, expected);
}

#[test]
fn comments_strings_and_characters_name_nothing() {
    let source = "// tokio\n/* std::fs */ \"rand \\\" tokio\" r#\"std::net \" \"# '\"' 'a' '\\'' fine";
    let named = named_in(source);
    assert_eq!(named.len(), 1, "{named:?}");
    assert_eq!(
        (named[0].line, named[0].segments.join("::")),
        (2, "fine".to_owned())
    );
}

#[test]
fn a_lifetime_hides_no_path() {
    let named = named_in("fn f<'a>(x: &'a str) { std::fs::read(x) }");
    assert!(
        named.iter().any(|path| path.contains(&["std", "fs"])),
        "{named:?}"
    );
}
