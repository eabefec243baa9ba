//! The application file: shape, merge of environments, types.

pub mod app;
pub mod types;

pub use app::App;
