//! The one integration-test binary: everything that looks at the project from outside.

mod docs;
mod layers;
mod project;
mod wire;
