//! Components around the application: what is known of them, and what the application tells them.

mod backup;
pub mod slots;
mod vault;

#[cfg(test)]
mod tests;

use crate::cx::{Cx, Objects};

/// What the application tells components that are there.
pub fn objects(cx: &Cx, out: &mut Objects) {
    vault::objects(cx, out);
    backup::objects(cx, out);
}
