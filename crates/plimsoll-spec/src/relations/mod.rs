//! Relations between blocks: what no key shows by itself.

pub mod backups;
pub mod choices;
pub mod claims;
pub mod closed_ports;
pub mod containers;
pub mod environments;
pub mod fields;
pub mod grpc;
pub mod jobs;
pub mod keys;
pub mod labels;
pub mod literals;
pub mod names;
pub mod placement;
pub mod pods;
pub mod routes;
pub mod secrets_in_urls;
pub mod stores;
pub mod texts;
pub mod uses;

use plimsoll_source::{Findings, Sources};

use crate::app::App;

/// Checks one environment.
pub fn check(app: &App, sources: &Sources, findings: &mut Findings) {
    names::check(app, findings);
    pods::check(app, sources, findings);
    containers::check(app, findings);
    fields::check(app, findings);
    secrets_in_urls::check(app, findings);
    grpc::check(app, findings);
    closed_ports::check(app, findings);
    labels::check(app, findings);
    literals::check(app, findings);
    jobs::check(app, findings);
    routes::check(app, findings);
    stores::check(app, findings);
    choices::check(app, findings);
    backups::check(app, findings);
    claims::check(app, findings);
    placement::check(app, findings);
}
