//! What outputs hold, and what real tools make of it.

mod charts;
mod compose;
mod differing;
mod disks;
mod documents;
mod github;
mod gitops;
mod helm;
mod helmfile;
mod installs;
mod kustomize;
mod platform;
mod project;
mod values;
mod words;
