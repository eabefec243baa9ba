//! Relations between blocks: what no key shows by itself.

pub mod backups;
pub mod choices;
pub mod claims;
pub mod environments;
pub mod jobs;
pub mod keys;
pub mod names;
pub mod placement;
pub mod pods;
pub mod routes;
pub mod stores;
pub mod uses;

use plimsoll_source::{Findings, Sources};

use crate::app::App;

/// Checks one environment.
pub fn check(app: &App, sources: &Sources, findings: &mut Findings) {
    names::check(app, findings);
    pods::check(app, sources, findings);
    jobs::check(app, findings);
    routes::check(app, findings);
    stores::check(app, findings);
    choices::check(app, findings);
    backups::check(app, findings);
    claims::check(app, findings);
    placement::check(app, findings);
}
