//! What outputs hold, and what real tools make of it.

mod compose;
mod helm;
mod kustomize;
mod project;
