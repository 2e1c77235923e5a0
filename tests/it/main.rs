//! The one integration-test binary: everything that looks at the project from outside.

mod bad_input;
mod bench;
mod clocks;
mod copies;
mod demo;
mod docs;
mod durability;
mod failover;
mod faults;
mod harness;
mod images;
mod interop;
mod layers;
mod pictures;
mod ports;
mod processes;
mod project;
mod recording;
mod seed;
mod simulate;
mod supervisor;
mod survivors;
mod terminal;
mod watch;
mod wire;
