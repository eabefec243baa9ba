//! What an API server with its controllers does, as functions over a client and a namespace.
//!
//! Each runs on the embedded cluster, and all of them once more on a real API server where the tools
//! for one are installed: both must give the same.

mod admission;
mod controllers;
mod custom;
mod defaults;
mod harness;
mod lifecycle;
mod patches;
mod server_side_apply;
mod strict;
mod validation;
mod watch;
mod workloads;

use harness::Behaviour;
use plimsoll_testkit::control_plane::{ControlPlane, Minor};

/// Lists the behaviours of a module, and tests each of them on the embedded cluster.
macro_rules! behaviours {
    ($($name:ident),* $(,)?) => {
        /// All behaviours of this module.
        pub const ALL: &[(&str, super::Behaviour)] =
            &[$((stringify!($name), |at| Box::pin($name(at)))),*];

        mod embedded {
            $(#[test]
            fn $name() {
                crate::behaviours::harness::embedded(|at| Box::pin(super::$name(at)));
            })*
        }
    };
}
use behaviours;

/// All behaviours there are.
fn all() -> Vec<(&'static str, Behaviour)> {
    let modules = [
        admission::ALL,
        controllers::ALL,
        custom::ALL,
        defaults::ALL,
        lifecycle::ALL,
        patches::ALL,
        server_side_apply::ALL,
        strict::ALL,
        validation::ALL,
        watch::ALL,
        workloads::ALL,
    ];
    modules.concat()
}

#[test]
fn there_are_at_least_eighty_behaviours() {
    assert!(all().len() >= 80, "{}", all().len());
}

/// Holds the behaviours against a real API server of a version; skipped where none is installed.
fn holds_on(minor: Minor) {
    let Some(plane) = ControlPlane::shared(minor) else {
        return;
    };
    let failed = harness::real(&plane.kubeconfig(), &all());
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_real_api_server_behaves_the_same() {
    holds_on(Minor::V1_37);
}
