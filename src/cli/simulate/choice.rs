//! What can be chosen by a word: the mix of faults, the sizes of clusters.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::simulation::{FaultKind, Mix, NODES_MAX};

/// The sizes of a growth that was given none: about thrice as large each, up to the largest.
pub(super) const SIZES: &str = "3,5,9,25,101,401,1001";

/// How often something goes wrong, lightly: rarely enough that most faults are over before the next.
const LIGHT_GAP: Duration = Duration::from_secs(30);

/// Heavily: as often as in the project's own tests, twelve times in twenty seconds.
const HEAVY_GAP: Duration = Duration::from_nanos(20_000_000_000_u64.div_ceil(12));

/// The kinds of `light`: what happens on a good network sooner or later.
const LIGHT: [FaultKind; 5] = [
    FaultKind::Crash,
    FaultKind::Stop,
    FaultKind::Freeze,
    FaultKind::Cut,
    FaultKind::Delay,
];

/// What goes wrong, and how often; prints as what it was chosen by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Faults {
    word: String,
    pub(super) mix: Mix,
    gap: Duration,
}

impl Faults {
    /// Returns how many faults there are in so much time; at least one, unless none at all.
    pub(super) fn count_in(&self, span: Duration) -> u32 {
        if self.mix.is_empty() {
            return 0;
        }
        let count = span.as_nanos().div_ceil(self.gap.as_nanos());
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// Returns the names of the kinds.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.mix.kinds().map(FaultKind::name).collect()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word)
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, Self::Err> {
        let (mix, gap) = match word {
            "none" => (Mix::of([]), LIGHT_GAP),
            "light" => (Mix::of(LIGHT), LIGHT_GAP),
            "heavy" => (Mix::all(), HEAVY_GAP),
            names => (
                Mix::of(names.split(',').map(kind).collect::<Result<Vec<_>, _>>()?),
                LIGHT_GAP,
            ),
        };
        Ok(Self {
            word: word.to_owned(),
            mix,
            gap,
        })
    }
}

fn kind(name: &str) -> Result<FaultKind, String> {
    let name = name.trim();
    let found = FaultKind::ALL.into_iter().find(|kind| kind.name() == name);
    found.ok_or_else(|| {
        let all = FaultKind::ALL.map(FaultKind::name).join(", ");
        format!("{name:?} is no fault; say none, light, heavy, or some of {all}")
    })
}

/// The sizes of clusters, growing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sizes(pub(super) Vec<u16>);

impl FromStr for Sizes {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut sizes = Vec::new();
        for word in text.split(',') {
            let size = word.trim().parse().ok();
            let size = size.filter(|size| (1..=NODES_MAX).contains(size));
            let wrong = || format!("{word:?} is no size of a cluster; give 1 to {NODES_MAX}, such as 3,9,27");
            sizes.push(size.ok_or_else(wrong)?);
        }
        sizes.sort_unstable();
        sizes.dedup();
        Ok(Self(sizes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_chosen_by_a_word_or_by_their_names() {
        let faults = |word: &str| word.parse::<Faults>();
        let names = |word| faults(word).expect("valid").names();
        assert_eq!(names("none"), [""; 0]);
        assert_eq!(names("freeze, crash,crash"), ["crash", "freeze"]);
        assert_eq!(names("heavy").len(), FaultKind::ALL.len());
        let error = faults("crash,flood").expect_err("refused");
        assert!(error.starts_with("\"flood\" is no fault; say none, light, heavy, or some of crash, disk"));
        assert!(faults("").is_err());
    }

    #[test]
    fn faults_come_at_their_pace() {
        let count = |word: &str, seconds| {
            let faults: Faults = word.parse().expect("valid");
            faults.count_in(Duration::from_secs(seconds))
        };
        assert_eq!((count("light", 120), count("light", 1)), (4, 1));
        assert_eq!((count("heavy", 20), count("none", 1_000_000)), (12, 0));
    }

    #[test]
    fn sizes_are_sorted_and_checked() {
        let sizes = |text: &str| text.parse::<Sizes>().map(|sizes| sizes.0);
        assert_eq!(sizes("9, 3,9"), Ok(vec![3, 9]));
        assert_eq!(sizes(SIZES), Ok(vec![3, 5, 9, 25, 101, 401, 1001]));
        for wrong in ["", "0", "1002", "three", "3,,9"] {
            assert!(sizes(wrong).is_err(), "{wrong}");
        }
    }
}
