//! Pictures from results. Knows neither files nor terminals: a picture is plain data, and drawing
//! it gives text.

pub mod graph;
