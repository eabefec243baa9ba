//! For tests only: where the real tools are, a real control plane, a stand-in for controllers of custom
//! resources, counted skips.
//!
//! No crate of the product depends on this one outside its tests. Nothing here installs anything;
//! `cargo xtask tools` and `cargo xtask crds` do.

pub mod cache;
pub mod catalogue;
pub mod control_plane;
mod skipping;

pub use cache::{crds, tool};
pub use control_plane::{ControlPlane, Minor, Rollouts, StandIn};
pub use skipping::{skip, skipped, tools_are_demanded};
