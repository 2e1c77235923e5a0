//! What is measured, as the environment says.

use std::env;

use crate::contestant::{Contestant, Preset};
use crate::etcd::{self, Setting};
use crate::kind::Kind;

/// How many rounds a kind has, unless said otherwise.
const ROUNDS: usize = 300;

/// How many rounds follow each other on one cluster, before it is the others' turn.
///
/// Few enough that all are measured within a minute, enough that starting clusters costs little.
const BLOCK: usize = 10;

/// What is measured.
pub(crate) struct Plan {
    rounds: usize,
    etcd_rounds: usize,
    kinds: Vec<Kind>,
    presets: Option<Vec<Preset>>,
    has_etcd: bool,
}

impl Plan {
    /// Reads the environment; see the head of the program.
    pub(crate) fn of_environment() -> Self {
        let rounds = number("HEIRLOOM_ROUNDS").unwrap_or(ROUNDS);
        let etcd_rounds = number("HEIRLOOM_ETCD_ROUNDS").unwrap_or(rounds);
        let kinds = chosen("HEIRLOOM_KINDS", &Kind::ALL, Kind::word);
        let has_etcd = etcd_rounds > 0 && etcd::is_installed();
        if etcd_rounds > 0 && !has_etcd {
            println!(
                "etcd is not installed, so only ours is measured; apt-get install etcd-server brings it"
            );
        }
        Self {
            rounds,
            etcd_rounds,
            kinds: kinds.unwrap_or_else(|| Kind::ALL.to_vec()),
            presets: chosen("HEIRLOOM_TIMINGS", &Preset::ALL, Preset::word),
            has_etcd,
        }
    }

    pub(crate) fn kinds(&self) -> &[Kind] {
        &self.kinds
    }

    /// Returns who is measured in a kind, in the order of their blocks.
    pub(crate) fn contestants(&self, kind: Kind) -> Vec<Contestant> {
        let measured = |preset: &Preset| match &self.presets {
            Some(presets) => presets.contains(preset),
            None => preset.measures(kind),
        };
        let ours = Preset::ALL.into_iter().filter(measured).map(Contestant::Heirloom);
        let theirs = Setting::ALL.into_iter().filter(|_| self.has_etcd);
        ours.chain(theirs.map(Contestant::Etcd)).collect()
    }

    /// Returns how many times everybody has its turn.
    pub(crate) fn blocks(&self) -> usize {
        self.rounds.max(self.etcd_rounds).div_ceil(BLOCK)
    }

    /// Returns how many rounds a contestant has in a block: all its rounds are spread evenly.
    pub(crate) fn share(&self, contestant: Contestant, block: usize) -> usize {
        let rounds = self.rounds(contestant);
        let until = |block| rounds * block / self.blocks();
        until(block + 1) - until(block)
    }

    /// Returns how many rounds a contestant has in each kind.
    pub(crate) fn rounds(&self, contestant: Contestant) -> usize {
        match contestant {
            Contestant::Heirloom(_) => self.rounds,
            Contestant::Etcd(_) => self.etcd_rounds,
        }
    }
}

fn number(variable: &str) -> Option<usize> {
    let text = env::var(variable).ok()?;
    let number = text.parse();
    Some(number.unwrap_or_else(|_| panic!("{variable}={text} is no number")))
}

/// Returns what a variable lists, with commas in between; `None` when it is not set.
fn chosen<T: Copy>(variable: &str, all: &[T], word: impl Fn(T) -> &'static str) -> Option<Vec<T>> {
    let text = env::var(variable).ok()?;
    let find = |wanted: &str| {
        let found = all.iter().copied().find(|&one| word(one) == wanted.trim());
        let words: Vec<_> = all.iter().map(|&one| word(one)).collect();
        found.unwrap_or_else(|| panic!("{variable}={text}: write some of {}", words.join(",")))
    };
    Some(text.split(',').map(find).collect())
}
