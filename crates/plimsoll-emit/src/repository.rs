//! The Git repository that a controller reads, and the environments that it is to apply.

use plimsoll_source::{Finding, Findings, Level};
use plimsoll_spec::app::deliver::By;
use plimsoll_spec::app::platform::GitopsUse;

use crate::rules::NO_REPOSITORY;
use crate::{Environment, System};

/// The environments that a controller applies: those that say so; where none does, all that are
/// not for one machine.
pub(crate) fn environments<'s, 'a>(system: &'s System<'a>, by: By) -> Vec<&'s Environment<'a>> {
    let all = || system.environments.iter();
    let own: Vec<_> = all()
        .filter(|env| *env.app.deliver.by.peek() == by)
        .collect();
    if own.is_empty() {
        let is_for_clusters = |env: &&Environment<'_>| *env.app.deliver.by.peek() != By::Compose;
        return all().filter(is_for_clusters).collect();
    }
    own
}

/// The repository, or what is said where there is none.
pub(crate) fn of(
    system: &System<'_>,
    by: By,
    slot: GitopsUse,
    findings: &mut Findings,
) -> Option<String> {
    let app = system.chosen().app;
    if let Some(repo) = &app.deliver.repo {
        return Some(repo.peek().to_string());
    }
    let mut wants = system.environments.iter();
    let wanted = wants.find(|env| {
        *env.app.deliver.by.peek() == by || *env.app.platform.gitops.use_.peek() == slot
    });
    let what = "`deliver.repo` is not said, so no controller can read the files from Git";
    let mut finding = Finding::new(&NO_REPOSITORY, what);
    match wanted {
        Some(env) if *env.app.deliver.by.peek() == by => {
            finding = finding.mark_origin(env.app.deliver.by.origin(), "wanted here");
        }
        Some(env) => {
            finding = finding.mark_origin(env.app.platform.gitops.use_.origin(), "wanted here");
        }
        None => finding.level = Level::Info,
    }
    findings.report(finding.help("write `deliver: { repo: https://… }`"));
    None
}
