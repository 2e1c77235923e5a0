//! `heirloom completions` and `heirloom man`: made from the same definitions as `--help`, and from
//! the dashboard's own table of keys.

use std::fmt::{self, Write as _};
use std::io;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::exit::{Exit, Failure};
use super::print::print;
use crate::dashboard::keymap::{Binding, Mode, bindings};

#[derive(Debug, Args)]
pub(super) struct CompletionsArgs {
    /// For which shell
    shell: Shell,
}

/// Prints the completions of a shell.
pub(super) fn completions(mut program: Command, args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    let name = program.get_name().to_owned();
    clap_complete::generate(args.shell, &mut program, name, &mut script);
    printed(&script)
}

/// Prints the manual: the page of the program, then one for each command.
pub(super) fn manual(mut program: Command) -> Result<Exit, Failure> {
    program.build();
    let commands: Vec<Command> = program
        .get_subcommands()
        .filter(|command| command.get_name() != "help" && !command.is_hide_set())
        .map(|command| {
            let name = format!("{}-{}", program.get_name(), command.get_name());
            command.clone().display_name(name)
        })
        .collect();
    let mut pages = Vec::new();
    Man::new(program).render(&mut pages)?;
    pages.extend_from_slice(keys().map_err(io::Error::other)?.as_bytes());
    for page in commands {
        Man::new(page).render(&mut pages)?;
    }
    printed(&pages)
}

/// Returns the section of the keys, in roff.
fn keys() -> Result<String, fmt::Error> {
    let mut section = String::from(".SH \"KEYS OF THE DASHBOARD\"\n");
    for mode in Mode::ALL {
        writeln!(section, ".SS \"{}\"", mode.title())?;
        for binding in bindings(mode) {
            writeln!(section, ".TP\n\\fB{}\\fR\n{}", chords(binding), binding.help)?;
        }
    }
    Ok(section)
}

/// Returns the keys of a binding, so that roff takes none for a request or a hyphen.
fn chords(binding: &Binding) -> String {
    let names: Vec<String> = binding.chords.iter().map(ToString::to_string).collect();
    names.join(", ").replace('-', "\\-")
}

fn printed(text: &[u8]) -> Result<Exit, Failure> {
    let text = str::from_utf8(text).map_err(io::Error::other)?;
    print(text)?;
    Ok(Exit::Done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_tells_every_key_of_every_mode() {
        let section = keys().expect("a string takes everything");
        let lines: Vec<&str> = section.lines().collect();
        let told = |binding: &Binding| {
            let keys = format!("\\fB{}\\fR", chords(binding));
            lines.windows(2).any(|pair| pair == [keys.as_str(), binding.help])
        };
        for mode in Mode::ALL {
            assert!(
                lines.contains(&format!(".SS \"{}\"", mode.title()).as_str()),
                "{mode:?}"
            );
            for binding in bindings(mode) {
                assert!(told(binding), "{binding:?}");
            }
        }
    }

    #[test]
    fn no_line_of_the_keys_is_a_request_by_accident() {
        let section = keys().expect("a string takes everything");
        for line in section.lines() {
            let meant = [".SH ", ".SS ", ".TP"]
                .iter()
                .any(|request| line.starts_with(request));
            assert!(meant || !line.starts_with(['.', '\'']), "{line}");
        }
    }
}
