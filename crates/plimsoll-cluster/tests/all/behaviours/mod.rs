//! What an API server with its controllers does, as functions over a client and a namespace.
//!
//! Each runs on the embedded cluster, and all of them once more on a real API server where the tools
//! for one are installed: both must give the same.

mod admission;
mod argo_rollouts;
mod controllers;
mod custom;
mod defaults;
mod deletions;
mod evictions;
mod harness;
mod leases;
mod lifecycle;
mod options;
mod patches;
mod rights;
mod rollouts;
mod server_side_apply;
mod strict;
mod validation;
mod watch;
mod webhooks;
mod workloads;

use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use harness::Behaviour;
use plimsoll_testkit::control_plane::{ControlPlane, Minor, Rollouts};

/// Lists the behaviours of a module, and tests each of them on the embedded cluster.
macro_rules! behaviours {
    ($($name:ident),* $(,)?) => { behaviours![with [] $($name),*]; };
    // Of components, which the embedded cluster is prepared with.
    (with $components:tt $($name:ident),* $(,)?) => {
        /// All behaviours of this module.
        pub const ALL: &[(&str, super::Behaviour)] =
            &[$((stringify!($name), |at| Box::pin($name(at)))),*];

        mod embedded {
            $(#[test]
            fn $name() {
                let components: &[&str] = &$components;
                crate::behaviours::harness::embedded(components, |at| Box::pin(super::$name(at)));
            })*
        }
    };
}
use behaviours;

/// The behaviours, by what they are about.
const MODULES: [(&str, &[(&str, Behaviour)]); 18] = [
    ("admission", admission::ALL),
    ("controllers", controllers::ALL),
    ("custom resources", custom::ALL),
    ("defaults", defaults::ALL),
    ("deletions", deletions::ALL),
    ("evictions", evictions::ALL),
    ("leases", leases::ALL),
    ("lifecycle", lifecycle::ALL),
    ("options", options::ALL),
    ("patches", patches::ALL),
    ("rights", rights::ALL),
    ("rollouts", rollouts::ALL),
    ("server-side apply", server_side_apply::ALL),
    ("strict fields", strict::ALL),
    ("validation", validation::ALL),
    ("watches", watch::ALL),
    ("webhooks", webhooks::ALL),
    ("workloads", workloads::ALL),
];

/// Behaviours that Kubernetes came to have after 1.30, or says in other words since then.
const NEWER_THAN_1_30: &[&str] = &[
    "a_lease_is_not_replaced_blindly",
    "a_manager_has_a_short_name",
    "a_map_has_an_end",
    "a_role_reference_stays",
    "a_selector_has_to_match_its_template",
    "a_stateful_set_changes_few_fields",
    "a_stateful_set_gets_its_defaults",
    "an_address_is_given_once",
    "an_unknown_dry_run_is_refused",
    "initial_events_end_with_a_bookmark",
];

/// All behaviours that a version has.
fn all(minor: Minor) -> Vec<(&'static str, Behaviour)> {
    let has = |name: &str| minor == Minor::V1_37 || !NEWER_THAN_1_30.contains(&name);
    let all = MODULES.iter().flat_map(|(_, behaviours)| *behaviours);
    all.copied().filter(|(name, _)| has(name)).collect()
}

#[test]
fn there_are_at_least_a_hundred_and_twenty_behaviours() {
    assert!(
        all(Minor::V1_37).len() >= 120,
        "{}",
        all(Minor::V1_37).len()
    );
    let names: std::collections::BTreeSet<_> = all(Minor::V1_37)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for name in NEWER_THAN_1_30 {
        assert!(names.contains(name), "{name} is no behaviour");
    }
}

/// Holds the behaviours against a real API server of a version; skipped where none is installed.
fn holds_on(minor: Minor, version: &str) {
    // One after the other: two control planes at once are slow on a small machine.
    static TURN: Mutex<()> = Mutex::new(());
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(plane) = ControlPlane::start(minor) else {
        return;
    };
    let all = all(minor);
    let failed = harness::real(&plane.kubeconfig(), &all);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
    tell(version, &all);
}

/// Prints the table of what is equal, past the test harness, which would swallow it.
fn tell(version: &str, held: &[(&'static str, Behaviour)]) {
    let is_held = |name: &str| held.iter().any(|(held, _)| *held == name);
    let mut text = String::new();
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!(
        "behaviours equal on the embedded cluster and Kubernetes {version}:"
    ));
    for (about, behaviours) in MODULES {
        let count = behaviours.iter().filter(|(name, _)| is_held(name)).count();
        line(format!("{count:>5} of {:>2}  {about}", behaviours.len()));
    }
    line(format!("{:>5} in all", held.len()));
    // A closed stderr is no reason to fail a test.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// The controllers of custom resources that are real ones.
#[test]
fn the_real_argo_rollouts_behaves_the_same() {
    let Some(plane) = ControlPlane::start(Minor::V1_37) else {
        return;
    };
    let groups = ["argoproj.io", "networking.istio.io"];
    if plane.with_definitions(&groups).is_none() {
        return;
    }
    // No behaviour measures anything.
    let nowhere = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
    let Some(_controller) = Rollouts::start(&plane, nowhere) else {
        return;
    };
    let failed = harness::real(&plane.kubeconfig(), argo_rollouts::ALL);
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn a_real_api_server_behaves_the_same() {
    holds_on(Minor::V1_37, "1.37");
}

#[test]
fn an_older_api_server_behaves_the_same() {
    holds_on(Minor::V1_30, "1.30");
}
