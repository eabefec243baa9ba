//! Containers of one pod: their names, and what they see of the program's files.

use indexmap::IndexMap;
use plimsoll_source::{Finding, Findings, Origin, Sourced, Str};

use crate::app::pod::{Companion, Volume, Writable};
use crate::app::{App, ConfigFile};
use crate::rules::relations;
use crate::shape::canonical::mend;
use plimsoll_source::near::near;

/// Checks the containers besides the program's.
pub fn check(app: &App, findings: &mut Findings) {
    for service in app.services.values() {
        let pod = Pod {
            name: service.name.peek(),
            origin: &service.origin,
            init: &service.init,
            sidecars: &service.sidecars,
            volumes: &service.volumes,
            config: &service.config,
            writable: &service.writable,
        };
        pod.check(findings);
    }
    for store in app.stores.values() {
        let pod = Pod {
            name: store.name.peek(),
            origin: &store.origin,
            init: &store.init,
            sidecars: &store.sidecars,
            volumes: &store.volumes,
            config: &store.config,
            writable: &store.writable,
        };
        pod.names(findings);
    }
}

struct Pod<'a> {
    name: &'a Str,
    origin: &'a Origin,
    init: &'a IndexMap<Str, Companion>,
    sidecars: &'a IndexMap<Str, Companion>,
    volumes: &'a IndexMap<Str, Volume>,
    config: &'a IndexMap<Str, ConfigFile>,
    writable: &'a Writable,
}

impl Pod<'_> {
    fn check(&self, findings: &mut Findings) {
        self.names(findings);
        for companion in self.init.values().chain(self.sidecars.values()) {
            for (own, mount) in &companion.mounts {
                let said = mount.path.clone();
                let path = said.unwrap_or_else(|| Sourced::new(own.clone(), mount.origin.clone()));
                self.path(&path, findings);
            }
        }
    }

    /// Containers of a pod have names of their own, those that run before it as well.
    fn names(&self, findings: &mut Findings) {
        for (name, companion) in self.init.iter().chain(self.sidecars) {
            let other = if name == self.name {
                Some(self.origin)
            } else {
                let twin = self
                    .init
                    .get(name)
                    .filter(|_| self.sidecars.contains_key(name));
                twin.filter(|twin| !std::ptr::eq(*twin, companion))
                    .map(|twin| twin.name.origin())
            };
            if let Some(other) = other {
                let what = format!("two containers of one pod are named `{name}`");
                let finding = Finding::new(&relations::SAME_NAME, what)
                    .mark_origin(companion.name.origin(), "this one")
                    .mark_origin(other, "and this one");
                findings.report(finding.help("give this one another name"));
            }
        }
    }

    /// A path that a companion sees is one of the program's.
    fn path(&self, path: &Sourced<Str>, findings: &mut Findings) {
        let writable = match self.writable {
            Writable::Paths(paths) => paths.as_slice(),
            Writable::All(_) => &[],
        };
        let volumes = self.volumes.keys().chain(self.config.keys());
        let known: Vec<&str> = volumes
            .map(Str::as_str)
            .chain(writable.iter().map(|path| path.peek().as_str()))
            .collect();
        if known.contains(&path.peek().as_str()) {
            return;
        }
        let what = format!("`{}` has no volume at {}", self.name, path.peek());
        let finding = Finding::new(&relations::UNKNOWN_THING, what);
        findings.report(match near(path.peek(), known.iter().copied()) {
            Some(near) => mend(finding, path.origin(), "not there", near),
            None => finding
                .mark_origin(path.origin(), "not there")
                .help(format!(
                    "it is one of `volumes`, `config` or `writable` of `{}`",
                    self.name
                )),
        });
    }
}
