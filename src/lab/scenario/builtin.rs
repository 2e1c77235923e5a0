//! The scenarios that come with the program: the same files that its tests run.

/// A scenario that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Builtin {
    /// What it is called on the command line.
    pub name: &'static str,
    /// Its text.
    pub text: &'static str,
}

/// All of them, the simplest first.
pub const ALL: [Builtin; 6] = [
    Builtin {
        name: "failover",
        text: include_str!("../../../assets/scenarios/failover.scenario"),
    },
    Builtin {
        name: "freeze",
        text: include_str!("../../../assets/scenarios/freeze.scenario"),
    },
    Builtin {
        name: "cascade",
        text: include_str!("../../../assets/scenarios/cascade.scenario"),
    },
    Builtin {
        name: "rolling-restart",
        text: include_str!("../../../assets/scenarios/rolling-restart.scenario"),
    },
    Builtin {
        name: "flapping",
        text: include_str!("../../../assets/scenarios/flapping.scenario"),
    },
    Builtin {
        name: "partition",
        text: include_str!("../../../assets/scenarios/partition.scenario"),
    },
];

/// Returns the scenario of this name.
#[must_use]
pub fn named(name: &str) -> Option<Builtin> {
    ALL.into_iter().find(|builtin| builtin.name == name)
}
