//! Where in the repository of rendered files each output goes, and what is wrong with that.

use plimsoll_source::{Finding, Findings, Sourced, Str};
use plimsoll_spec::App;
use plimsoll_spec::app::deliver::ChartPer;

use crate::System;
use crate::rules::{FOLDER_OUTSIDE, FOLDERS_DIFFER};

/// The folders of an application, as its chosen environment writes them. A folder that nobody
/// wrote is named after its output and stands where `deliver.folder` says.
#[derive(Clone, Copy, Debug)]
pub struct Folders<'a> {
    app: &'a App,
}

impl<'a> Folders<'a> {
    /// The folders of an application.
    pub fn of(system: &System<'a>) -> Self {
        Self {
            app: system.chosen().app,
        }
    }

    /// Plain objects of one environment.
    pub fn manifests(&self, environment: &str) -> String {
        self.below(&format!("manifests/{environment}"))
    }

    /// Base and overlays.
    pub fn kustomize(&self) -> String {
        written(&self.app.deliver.kustomize.folder).unwrap_or_else(|| self.below("kustomize"))
    }

    /// The chart of that name. A folder without `<service>` is that of the application's one chart,
    /// with that of its stores beside it, or holds a folder for each.
    pub fn chart(&self, name: &str) -> String {
        const SERVICE: &str = "<service>";
        let Some(folder) = written(&self.app.deliver.chart.folder) else {
            return self.below(&format!("helm/{name}"));
        };
        let chart = &self.app.deliver.chart;
        let main = match &chart.name {
            Some(main) => main.peek(),
            None => self.app.app.peek().text(),
        };
        if folder.contains(SERVICE) {
            folder.replace(SERVICE, name)
        } else if *chart.per.peek() == ChartPer::Service {
            join(&folder, name)
        } else if name == main.as_str() || name == "*" {
            folder
        } else {
            match folder.rsplit_once('/') {
                Some((above, _)) => join(above, name),
                None => name.to_owned(),
            }
        }
    }

    /// The Helmfile of our charts.
    pub fn helmfile(&self) -> String {
        self.below("helm")
    }

    /// Namespaces that the Helmfile makes, a file for each environment.
    pub fn namespaces(&self) -> String {
        join(&self.helmfile(), "namespaces")
    }

    /// Applications and project of Argo CD.
    pub fn argocd(&self) -> String {
        self.below("argocd")
    }

    /// Sources and kustomizations of Flux.
    pub fn flux(&self) -> String {
        self.below("flux")
    }

    /// A folder that has no word of its own.
    pub fn below(&self, name: &str) -> String {
        match written(&self.app.deliver.folder) {
            Some(folder) => join(&folder, name),
            None => name.to_owned(),
        }
    }
}

/// A path of two parts, the first of which may be empty.
pub fn join(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        _ => format!("{folder}/{name}"),
    }
}

/// The way from one folder to another, both of the same root.
pub fn relative(from: &str, to: &str) -> String {
    let steps = |path: &'_ str| -> Vec<String> {
        path.split('/')
            .filter(|step| !step.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let (from, to) = (steps(from), steps(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = from.iter().skip(shared).map(|_| "..".to_owned());
    let way: Vec<String> = up.chain(to.into_iter().skip(shared)).collect();
    if way.is_empty() {
        ".".to_owned()
    } else {
        way.join("/")
    }
}

/// A folder that somebody wrote, without slashes around it; `.` is the root.
fn written(folder: &Sourced<Str>) -> Option<String> {
    folder.origin().place()?;
    let steps = folder.peek().split('/');
    let steps: Vec<&str> = steps
        .filter(|step| !step.is_empty() && *step != ".")
        .collect();
    Some(steps.join("/"))
}

/// Reports folders that leave the root, and folders that environments do not agree about.
pub fn check(system: &System<'_>) -> Findings {
    let mut findings = Findings::default();
    let chosen = system.chosen().app;
    for (word, folder) in words(chosen) {
        if folder.peek().starts_with('/') || folder.peek().split('/').any(|step| step == "..") {
            let what = format!("`{word}` leads out of the folder that is rendered into");
            let finding = Finding::new(&FOLDER_OUTSIDE, what);
            let finding = finding.mark_origin(folder.origin(), "leads outside");
            findings.report(finding.help("write a path below the root of the repository"));
        }
        let others = system.environments.iter().map(|env| words(env.app));
        let differing = others
            .flatten()
            .find(|(other, value)| *other == word && value.peek() != folder.peek());
        if let Some((_, other)) = differing {
            let what = format!("environments do not agree about `{word}`");
            let finding = Finding::new(&FOLDERS_DIFFER, what);
            let finding = finding.mark_origin(other.origin(), "another folder here");
            let finding = finding.mark_origin(folder.origin(), "and this one there");
            findings.report(finding.help(format!("write `{word}` once, at the top")));
        }
    }
    findings
}

fn words(app: &App) -> [(&'static str, &Sourced<Str>); 3] {
    [
        ("deliver.folder", &app.deliver.folder),
        ("deliver.kustomize.folder", &app.deliver.kustomize.folder),
        ("deliver.chart.folder", &app.deliver.chart.folder),
    ]
}

#[cfg(test)]
mod tests {
    use super::relative;

    #[test]
    fn the_way_between_folders_goes_up_and_down() {
        assert_eq!(relative("a/b", "a/c/d"), "../c/d");
        assert_eq!(relative("a", "a"), ".");
        assert_eq!(relative("", "a/b"), "a/b");
        assert_eq!(relative("a/b", ""), "../..");
    }
}
