//! Whether a text is well-formed XML, as far as our pictures use it: elements, attributes, entities.

/// Checks a document of one element; says what is wrong with it.
pub(crate) fn well_formed(document: &str) -> Result<(), String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = document.trim();
    let mut roots = 0;
    while let Some((text, tail)) = rest.split_once('<') {
        entities(text)?;
        if open.is_empty() && !text.trim().is_empty() {
            return Err(format!("text outside of the element: {text}"));
        }
        let (tag, after) = tail.split_once('>').ok_or("a tag has no end")?;
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            let opened = open.pop();
            if opened != Some(name) {
                return Err(format!("{opened:?} is closed by {name}"));
            }
            continue;
        }
        let content = tag.strip_suffix('/').unwrap_or(tag);
        let (name, attributes) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
        quoted(attributes)?;
        roots += usize::from(open.is_empty());
        if content == tag {
            open.push(name);
        }
    }
    match (open.last(), roots, rest.is_empty()) {
        (Some(name), ..) => Err(format!("{name} is not closed")),
        (None, 1, true) => Ok(()),
        (None, ..) => Err("it is not one element".to_owned()),
    }
}

/// Checks `name="value"`, again and again, each name once.
fn quoted(attributes: &str) -> Result<(), String> {
    let mut names = Vec::new();
    let mut rest = attributes.trim();
    while !rest.is_empty() {
        let (name, tail) = rest.split_once("=\"").ok_or(format!("no value: {rest}"))?;
        let (value, after) = tail.split_once('"').ok_or(format!("no end: {rest}"))?;
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-:".contains(c));
        if !plain || names.contains(&name) {
            return Err(format!("{name:?} is no name, or was there before"));
        }
        entities(value)?;
        names.push(name);
        rest = after.trim_start();
    }
    Ok(())
}

fn entities(text: &str) -> Result<(), String> {
    for part in text.split('&').skip(1) {
        if !["amp;", "lt;", "gt;", "quot;"]
            .iter()
            .any(|known| part.starts_with(known))
        {
            return Err(format!("a bare & before {part}"));
        }
    }
    Ok(())
}

#[test]
fn what_is_wrong_is_found() {
    assert_eq!(well_formed("<a x=\"1\" y-z=\"&lt;\"><b/>c &amp; d</a>\n"), Ok(()));
    let wrong = [
        "",
        "<a>",
        "<a></b>",
        "<a/><b/>",
        "<a/>b",
        "<a",
        "<a x=1/>",
        "<a x=\"1\" x=\"2\"/>",
        "<a>&</a>",
        "<a x=\"&\"/>",
    ];
    for wrong in wrong {
        assert!(well_formed(wrong).is_err(), "{wrong}");
    }
}
