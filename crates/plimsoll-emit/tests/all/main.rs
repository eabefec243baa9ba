//! What outputs hold, and what real tools make of it.

mod compose;
mod kustomize;
mod project;
