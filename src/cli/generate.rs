//! `heirloom completions` and `heirloom man`: made from the same definitions as `--help`.

use std::io;

use clap::{Args, Command};
use clap_complete::Shell;
use clap_mangen::Man;

use super::exit::{Exit, Failure};
use super::print::print;

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
    for page in std::iter::once(program).chain(commands) {
        Man::new(page).render(&mut pages)?;
    }
    printed(&pages)
}

fn printed(text: &[u8]) -> Result<Exit, Failure> {
    let text = str::from_utf8(text).map_err(io::Error::other)?;
    print(text)?;
    Ok(Exit::Done)
}
