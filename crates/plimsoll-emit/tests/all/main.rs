//! What outputs hold, and what real tools make of it.

mod kustomize;
mod project;
