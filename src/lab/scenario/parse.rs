//! From text to a scenario, line by line; each line that is wrong says so for itself.

use std::borrow::Cow;

use super::action::{self, Action};
use super::condition::{Condition, Limit};
use super::mistake::{MISTAKES_MAX, Mistake, Mistakes};
use super::words::Words;
use super::{Expectation, Instruction, Preset, Quorum, Scenario, Step, Wants};
use crate::config::NODES_MAX;
use crate::event::line::printable;

/// The most lines a scenario may have: longer than any audience stays.
pub const LINES_MAX: usize = 2000;

/// The most characters that one `say` or title may have: what the four rows of a stage hold on a screen of
/// 80 columns, with the end of each lost to a word that goes to the next.
pub const TEXT_CHARS_MAX: usize = 280;

/// The settings, and the words of everything that may follow them.
const SETTINGS: [&str; 5] = ["title", "nodes", "timing", "quorum", "takeover-after"];

/// Reads a scenario.
///
/// # Errors
///
/// With every line that is wrong, up to [`MISTAKES_MAX`].
pub fn parse(text: &str) -> Result<Scenario, Mistakes> {
    let mut reading = Reading::default();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if number > LINES_MAX {
            reading
                .mistakes
                .push(whole(number, &format!("at most {LINES_MAX} lines"), "more"));
            break;
        }
        if let Err(mistake) = reading.line(number, line) {
            reading.mistakes.push(mistake);
        }
        if reading.mistakes.len() >= MISTAKES_MAX {
            break;
        }
    }
    reading.finish(text.lines().count())
}

#[derive(Debug, Default)]
struct Reading {
    title: Option<String>,
    wants: Wants,
    steps: Vec<Step>,
    /// Whether the line before was said, so that an indented one goes on with it.
    says: bool,
    mistakes: Vec<Mistake>,
}

impl Reading {
    fn line(&mut self, number: usize, line: &str) -> Result<(), Mistake> {
        let indented = line.starts_with([' ', '\t']);
        let said = std::mem::take(&mut self.says);
        if indented && said && !line.trim_start().starts_with('#') && !line.trim().is_empty() {
            self.says = true;
            return self.say_on(number, line);
        }
        let mut words = Words::of(number, line);
        let Some(first) = words.peek() else {
            return Ok(());
        };
        if SETTINGS.contains(&first) {
            words.take(first);
            return self.setting(first, &mut words, line);
        }
        let what = if first == "say" {
            self.says = true;
            Instruction::Say(said_in(number, line, first)?)
        } else {
            let what = instruction(&mut words)?;
            words.end()?;
            what
        };
        self.steps.push(Step { line: number, what });
        Ok(())
    }

    /// Goes on with what the line before said.
    fn say_on(&mut self, number: usize, line: &str) -> Result<(), Mistake> {
        let more = plain(number, line, line)?;
        if let Some(Step {
            what: Instruction::Say(text),
            ..
        }) = self.steps.last_mut()
        {
            if text.chars().count() + more.chars().count() >= TEXT_CHARS_MAX {
                return Err(too_long(number));
            }
            text.push(' ');
            text.push_str(&more);
        }
        Ok(())
    }

    fn setting(&mut self, name: &str, words: &mut Words<'_>, line: &str) -> Result<(), Mistake> {
        let number = words.line();
        if !self.steps.is_empty() {
            return Err(words.wrong_before("the settings before everything else"));
        }
        let known = match name {
            "title" => self.title.is_some(),
            "nodes" => self.wants.nodes.is_some(),
            "timing" => self.wants.timing.is_some(),
            "quorum" => self.wants.quorum.is_some(),
            _ => self.wants.takeover_after.is_some(),
        };
        if known {
            return Err(words.wrong_before("each setting once"));
        }
        match name {
            "title" => {
                self.title = Some(said_in(number, line, name)?);
                return Ok(());
            }
            "nodes" => {
                let nodes = words.number(
                    &format!("a number of nodes, 1 to {NODES_MAX}"),
                    1,
                    u64::from(NODES_MAX),
                )?;
                self.wants.nodes = u16::try_from(nodes).ok();
            }
            "timing" => {
                let known = [Preset::Seed, Preset::Fast].map(|preset| (preset.word(), preset));
                self.wants.timing = Some(words.one_of("`seed` or `fast`", &known)?);
            }
            "quorum" => {
                let known = [Quorum::Live, Quorum::Majority].map(|quorum| (quorum.word(), quorum));
                self.wants.quorum = Some(words.one_of("`live` or `majority`", &known)?);
            }
            _ => self.wants.takeover_after = Some(words.span()?),
        }
        words.end()
    }

    fn finish(mut self, lines: usize) -> Result<Scenario, Mistakes> {
        if self.mistakes.is_empty() && self.title.is_none() {
            let first = self.steps.first().map_or(lines.max(1), |step| step.line);
            self.mistakes
                .push(whole(first, "`title` and what the scenario shows, first", "none"));
        }
        if self.mistakes.is_empty() && self.steps.is_empty() {
            self.mistakes.push(whole(
                lines.max(1),
                "something to happen after the settings",
                "none",
            ));
        }
        if !self.mistakes.is_empty() {
            return Err(Mistakes(self.mistakes));
        }
        Ok(Scenario {
            title: self.title.unwrap_or_default(),
            wants: self.wants,
            steps: self.steps,
        })
    }
}

fn instruction(words: &mut Words<'_>) -> Result<Instruction, Mistake> {
    if words.take("wait") {
        return wait(words);
    }
    if words.take("expect") {
        return expect(words).map(Instruction::Expect);
    }
    if let Some(action) = Action::read(words) {
        return action.map(Instruction::Do);
    }
    let known: Vec<&str> = ["say", "wait", "expect"]
        .into_iter()
        .chain(action::BEGINNINGS)
        .chain(SETTINGS)
        .collect();
    Err(words.wrong("`say`, `wait`, `expect` or an action such as `kill`", &known))
}

fn wait(words: &mut Words<'_>) -> Result<Instruction, Mistake> {
    if !words.take("until") {
        let span = words.span();
        return span.map(Instruction::Pause).map_err(|mistake| Mistake {
            expected: format!("`until` or {}", mistake.expected),
            ..mistake
        });
    }
    let until = Condition::read(words)?;
    words.must("within")?;
    let within = Limit::read(words)?;
    Ok(Instruction::Wait { until, within })
}

fn expect(words: &mut Words<'_>) -> Result<Expectation, Mistake> {
    if words.take_all(&["no", "acknowledged", "upload", "lost"]) {
        return Ok(Expectation::NothingLost);
    }
    if words.take_all(&["no", "failed", "request"]) {
        return Ok(Expectation::NoneFailed);
    }
    let condition = Condition::read(words)?;
    let lasts = words.one_of("`within` or `for`", &[("within", false), ("for", true)])?;
    let limit = Limit::read(words)?;
    Ok(if lasts {
        Expectation::For(condition, limit)
    } else {
        Expectation::Within(condition, limit)
    })
}

/// Returns what follows the first word of a line, to its end.
fn said_in(number: usize, line: &str, first: &str) -> Result<String, Mistake> {
    let rest = line.trim_start().strip_prefix(first).unwrap_or_default();
    let text = plain(number, line, rest)?;
    if text.is_empty() {
        return Err(Mistake {
            line: number,
            column: line.trim_end().chars().count() + 1,
            expected: format!("what to say after `{first}`"),
            found: None,
            meant: None,
        });
    }
    Ok(text)
}

/// Returns text with single spaces, if a terminal only prints it.
fn plain(number: usize, line: &str, text: &str) -> Result<String, Mistake> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let unprintable = |c: char| matches!(printable(c.encode_utf8(&mut [0; 4])), Cow::Owned(_));
    let at = line.chars().position(unprintable);
    if let Some(at) = at.filter(|_| text.contains(unprintable)) {
        return Err(Mistake {
            line: number,
            column: at + 1,
            expected: "text that can be printed".to_owned(),
            found: line.chars().nth(at).map(|c| c.escape_unicode().to_string()),
            meant: None,
        });
    }
    if text.chars().count() > TEXT_CHARS_MAX {
        return Err(too_long(number));
    }
    Ok(text)
}

/// Makes the mistake of saying too much at a time.
fn too_long(line: usize) -> Mistake {
    let expected = format!("at most {TEXT_CHARS_MAX} characters in one `say`; say the rest in another");
    whole(line, &expected, "more")
}

/// Makes the mistake of a whole line.
fn whole(line: usize, expected: &str, found: &str) -> Mistake {
    Mistake {
        line,
        column: 1,
        expected: expected.to_owned(),
        found: Some(found.to_owned()),
        meant: None,
    }
}
