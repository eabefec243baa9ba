//! The way out to raw Kubernetes: objects that the file brings itself, and changes of any object, applied
//! last. Forms are changed, not plain objects, so that every output shows the same.

mod edit;
mod json_patch;
mod manifests;
mod patches;
pub mod rules;
mod strategic;

#[cfg(test)]
mod tests;

use crate::cx::{Cx, Objects};

/// Adds what the file brings, then changes what it wants otherwise.
pub fn objects(cx: &Cx, out: &mut Objects) {
    manifests::objects(cx, out);
    patches::apply(cx, out);
}
