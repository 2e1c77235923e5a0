//! How a command ends: exit codes, and the one place where errors are printed.

use std::io::Write;
use std::process::ExitCode;

use crate::client::RequestError;
use crate::event::line::{escaped, printable};
use crate::lab::recording::Closed;

/// The table of exit codes, as `--help` and the manual show it.
pub(super) const TABLE: &str = "\
Exit codes:
  0    done
  1    the operation failed
  2    wrong usage or configuration
  3    no leader or no quorum in time
  129  a demonstration stopped by SIGHUP, because its terminal went away
  130  interrupted by Ctrl-C
  143  a demonstration stopped by SIGTERM";

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exit {
    /// Everything was done.
    Done,
    /// The operation failed.
    Failed,
    /// Nobody could have asked for this: wrong usage or configuration.
    Usage,
    /// No leader or no quorum in time.
    NoLeader,
    /// The terminal went away before the end.
    HungUp,
    /// A person pressed Ctrl-C.
    Interrupted,
    /// Somebody wanted it to end before its end.
    Terminated,
}

impl Exit {
    /// Returns the number that the shell sees.
    pub(super) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::NoLeader => 3,
            // As the shell says it of a program that a signal ended.
            Self::HungUp => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }
}

impl Exit {
    /// Returns how a run ends in which nothing else went wrong: badly without what it was to record.
    pub(super) const fn of_recording(recorded: &Closed) -> Self {
        if recorded.is_broken() {
            Self::Failed
        } else {
            Self::Done
        }
    }
}

impl From<&RequestError> for Exit {
    fn from(error: &RequestError) -> Self {
        if error.is_no_leader() {
            Self::NoLeader
        } else {
            Self::Failed
        }
    }
}

/// An error on its way to the person, and the exit code it ends with.
#[derive(Debug)]
pub(super) struct Failure {
    exit: Exit,
    error: anyhow::Error,
}

impl Failure {
    /// Makes the failure of a command that was called or configured wrongly.
    pub(super) fn usage(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: Exit::Usage,
            error: error.into(),
        }
    }

    /// Makes the failure of a cluster without a leader.
    pub(super) fn no_leader(error: impl Into<anyhow::Error>) -> Self {
        Self {
            exit: Exit::NoLeader,
            error: error.into(),
        }
    }
}

#[cfg(test)]
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self {
            exit: Exit::Failed,
            error: error.into(),
        }
    }
}

/// The terminal went away under the dashboard.
#[derive(Debug, thiserror::Error)]
#[error("the terminal is gone, so every node was killed; with --no-tui the cluster needs none")]
pub(super) struct HungUp;

/// Ends a program: prints the error, if there is one, and returns its exit code.
pub(super) fn finish(ended: Result<Exit, Failure>) -> ExitCode {
    let exit = ended.unwrap_or_else(|failure| {
        complain(&failure.error);
        failure.exit
    });
    exit.code().into()
}

/// Prints an error with its chain of causes.
pub(super) fn complain(error: &anyhow::Error) {
    // Where standard error is gone, too, the exit code is all that is left.
    let _ = writeln!(std::io::stderr(), "{}", complaint(error));
}

/// Says something that is no error and belongs to nobody's input.
pub(super) fn remark(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", printable(text));
}

/// An error of several lines, each of which a terminal only prints: the marks stand below what they mark.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct InLines(pub(super) String);

/// Makes the line of an error, which may quote another process, or whatever a person wrote.
///
/// Most errors quote their cause, since they also travel as words alone: that is not said twice.
fn complaint(error: &anyhow::Error) -> String {
    if let Some(InLines(lines)) = error.downcast_ref() {
        let lines: Vec<_> = lines.split('\n').map(printable).collect();
        return format!("error: {}", lines.join("\n"));
    }
    let mut line = "error".to_owned();
    for cause in error.chain().map(ToString::to_string) {
        if !line.contains(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    escaped(&line).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_process_said_cannot_move_the_cursor() {
        let error = anyhow::anyhow!("no\u{1b}[2J\nway").context("could not upload");
        assert_eq!(complaint(&error), r"error: could not upload: no\u{1b}[2J\nway");
    }

    #[test]
    fn an_error_of_several_lines_keeps_them_and_moves_the_cursor_in_none() {
        let error = anyhow::Error::from(InLines("a:1:2: no\u{1b}\n 1 | b\n   | ^".to_owned()));
        assert_eq!(complaint(&error), "error: a:1:2: no\u{fffd}\n 1 | b\n   | ^");
    }

    #[test]
    fn a_cause_that_is_quoted_already_is_not_said_twice() {
        #[derive(Debug, thiserror::Error)]
        #[error("could not sync it: {source}; check the disk")]
        struct Quoting {
            source: std::io::Error,
        }
        let source = std::io::Error::other("no luck");
        let error = anyhow::Error::from(Quoting { source }).context("could not start");
        assert_eq!(
            complaint(&error),
            "error: could not start: could not sync it: no luck; check the disk"
        );
    }

    #[test]
    fn the_table_holds_every_exit_code() {
        let every = [
            Exit::Done,
            Exit::Failed,
            Exit::Usage,
            Exit::NoLeader,
            Exit::HungUp,
            Exit::Interrupted,
            Exit::Terminated,
        ];
        let codes: Vec<u8> = TABLE
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next()?.parse().ok())
            .collect();
        assert_eq!(codes, every.map(Exit::code));
    }
}
