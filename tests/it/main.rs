//! The one integration-test binary: everything that looks at the project from outside.

mod layers;
mod project;
mod wire;
