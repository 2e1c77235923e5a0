//! A screen as a picture: the cells of a terminal as shapes and letters, the same in every browser.

mod cells;
mod film;
mod shapes;
mod svg;

pub use cells::{Cell, DARK, Ink, LIGHT, Looks, Paint, Palette, Rgb, cells};
pub use film::{Film, FilmError};
pub use shapes::has_shape;
pub(super) use svg::escaped;
pub use svg::svg;
