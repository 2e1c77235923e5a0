//! `heirloom picture`: decodes an image into a few pixels, for the dashboard that runs it.
//!
//! Not for people: it is what a preview is made by, in a process that may break down.

use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use rustix::process::{Resource, Rlimit, setrlimit};

use super::exit::{Exit, Failure};
use crate::live::decode;

/// The most memory the process may ask for: what the largest picture takes, some times over.
const MEMORY_BYTES_MAX: u64 = 1 << 30;

/// The most time on a processor, in seconds: longer than whoever runs it waits.
const PROCESSOR_SECONDS_MAX: u64 = 15;

#[derive(Debug, Args)]
pub(super) struct PictureArgs {
    /// How many pixels there are for it
    #[arg(long)]
    within: Dimensions<u16>,
    /// Draw the bytes of the file, whatever they are
    #[arg(long)]
    bytes: bool,
    /// Width and height of the picture that these bytes are drawn like
    #[arg(long, requires = "bytes")]
    like: Option<Dimensions<u32>>,
    /// The file
    file: PathBuf,
}

/// A width and a height, `30x20`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Dimensions<T>(T, T);

impl<T: FromStr> FromStr for Dimensions<T> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sides = text.split_once('x');
        let sides = sides.and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
        sides
            .map(|(width, height)| Self(width, height))
            .ok_or("give a width and a height, such as 30x20")
    }
}

/// Writes the picture to standard output.
pub(super) fn run(args: &PictureArgs) -> Result<Exit, Failure> {
    limit(Resource::As, MEMORY_BYTES_MAX);
    limit(Resource::Cpu, PROCESSOR_SECONDS_MAX);
    // One that breaks down leaves nothing behind.
    limit(Resource::Core, 0);
    let Dimensions(width, height) = args.within;
    let decoded = if args.bytes {
        let like = args.like.map(|Dimensions(width, height)| (width, height));
        decode::bytes(&args.file, (width, height), like)?
    } else {
        decode::picture(&args.file, (width, height))?
    };
    decoded.write(io::stdout().lock())?;
    Ok(Exit::Done)
}

/// Lowers a limit of this process; where the system knows none, it has none.
fn limit(resource: Resource, most: u64) {
    let _ = setrlimit(
        resource,
        Rlimit {
            current: Some(most),
            maximum: Some(most),
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dimensions_are_two_numbers() {
        assert_eq!("30x20".parse(), Ok(Dimensions(30_u16, 20)));
        for wrong in ["", "30", "x", "30x", "-1x2", "70000x1", "1x2x3"] {
            assert!(wrong.parse::<Dimensions<u16>>().is_err(), "{wrong}");
        }
    }
}
