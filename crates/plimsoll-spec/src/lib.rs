//! The application file: shape, merge of environments, types.
//!
//! [`load()`] reads a file and all that it includes, and gives one [`App`] for each environment,
//! complete and typed, with findings for everything that is wrong.

pub mod app;
mod cap;
mod complete;
pub mod engines;
pub mod explain;
pub mod load;
pub mod read;
mod reference;
mod relations;
pub mod rules;
pub mod shape;
pub mod slots;
mod tree;
pub mod types;

pub use app::App;
pub use explain::{explain, reference};
pub use load::{Files, Loaded, LoadedEnvironment, load};
pub use shape::schema::schema;
