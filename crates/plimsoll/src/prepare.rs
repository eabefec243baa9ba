//! From the command line to a checked world: what every command does first.

use crate::args::Source;
use crate::exit::Failure;
use crate::foreign;
use crate::held::{self, Held};
use crate::project;
use crate::terminal::{self, Terminal};
use anyhow::Context;
use plimsoll_compile::{Compiled, compile};
use plimsoll_emit::{Environment, System};
use plimsoll_rules::levels::Policies;
use plimsoll_rules::{Objects, Subject};
use plimsoll_schema::Minor;
use plimsoll_source::render::{self, Look};
use plimsoll_source::{Findings, Sources, Str};
use plimsoll_spec::App;
use plimsoll_spec::load::{Files, Loaded, LoadedEnvironment};
use plimsoll_spec::types::Date;
use plimsoll_world::{Values, World, evaluate};
use rayon::prelude::*;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What was read in all its environments, with everything that is wrong with it.
pub struct Prepared {
    /// Where it is.
    pub path: PathBuf,
    /// Every text that was read.
    pub sources: Sources,
    /// Everything that is wrong, in every environment.
    pub findings: Findings,
    /// The environments that could be compiled, in the order of the file.
    pub environments: Vec<Ready>,
    /// The day that waivers are judged on.
    pub today: Date,
    chosen: Option<usize>,
}

/// One environment as it is shipped, wherever it was written.
pub struct Ready {
    /// Its objects.
    pub world: World,
    /// The version of Kubernetes that it is written for.
    pub target: Minor,
    /// What they come from.
    pub written: Written,
}

/// What the objects of an environment come from.
pub enum Written {
    /// An application file, which says more about them.
    Application(Box<Application>),
    /// Objects as they are: manifests, an overlay, a chart.
    Objects(Held),
}

/// One environment of an application file.
pub struct Application {
    /// What the file says.
    pub environment: LoadedEnvironment,
    /// Its forms.
    pub compiled: Compiled,
}

impl Application {
    /// What it says, with types.
    ///
    /// # Panics
    /// Never: only environments with one are ready.
    pub fn app(&self) -> &App {
        let app = self.environment.app.as_ref();
        app.expect("only environments with an application are ready")
    }
}

impl Ready {
    /// What the application file says, where there is one.
    pub fn app(&self) -> Option<&App> {
        self.application().ok().map(Application::app)
    }

    /// The application file; an error where objects were read, which cannot answer what is asked.
    pub fn application(&self) -> Result<&Application, Failure> {
        match &self.written {
            Written::Application(application) => Ok(application),
            Written::Objects(held) => Err(Failure::usage(format!(
                "this asks for an application file (`plimsoll.yaml`), and `{}` holds {}",
                held.path()?.display(),
                held.word()
            ))),
        }
    }

    /// How long a release may take.
    pub fn deadline(&self) -> Duration {
        let said = self.app().map(|app| app.deliver.deadline.peek().std());
        said.unwrap_or(DEADLINE)
    }
}

/// How long a release of objects may take that do not say.
const DEADLINE: Duration = Duration::from_mins(15);

impl Prepared {
    /// Reads, compiles and checks every environment.
    ///
    /// It is never taken apart, which would cost a fifth of a short command.
    pub fn new(source: &Source, kubernetes: Option<&str>) -> Result<&'static Self, Failure> {
        let target = kubernetes
            .map(str::parse::<Minor>)
            .transpose()
            .map_err(Failure::usage)?;
        let today = source.today.unwrap_or_else(terminal::today);
        let prepared = match held::find(source.path.as_deref())? {
            Held::Application(path) => {
                let loaded = read(&path, &source.set)?;
                Self::of(path, loaded, source.environment.as_deref(), target, today)?
            }
            held => Self::of_objects(held, source, target.unwrap_or(Minor::LAST), today)?,
        };
        Ok(Box::leak(Box::new(prepared)))
    }

    /// The same of what was read.
    pub fn of(
        path: PathBuf,
        loaded: Loaded,
        wanted: Option<&str>,
        target: Option<Minor>,
        today: Date,
    ) -> Result<Self, Failure> {
        let names: Vec<Str> = loaded
            .environments
            .iter()
            .map(|env| env.name.clone())
            .collect();
        let default = names.get(loaded.default).cloned();
        let wanted = match wanted {
            Some(name) if !names.is_empty() && !names.iter().any(|known| known == name) => {
                return Err(unknown_environment(name, &names));
            }
            Some(name) => Some(Str::from(name)),
            None => default,
        };
        let mut findings = loaded.findings;
        let wrong = findings.wrong_places();
        let mut environments = Vec::new();
        let rules = crate::commands::rules::all();
        let mut policies = Policies::new(today, &rules, plimsoll_emit::rules::ALL);
        for (name, judged) in judged(loaded.environments, target, today) {
            let Some((ready, mut own)) = judged else {
                continue;
            };
            plimsoll_rules::without_followers(&mut own, &wrong);
            if let Some(app) = ready.app() {
                policies.apply(app, &mut own);
            }
            findings.extend_from(&name, own);
            environments.push(ready);
        }
        // Where an environment could not be compiled, what is not found there proves nothing.
        if !findings.any_error() {
            policies.finish(&mut findings);
        }
        let chosen = environments
            .iter()
            .position(|ready| Some(&ready.world.environment) == wanted.as_ref());
        Ok(Self {
            path,
            sources: loaded.sources,
            findings,
            environments,
            today,
            chosen,
        })
    }

    /// The same of objects that somebody else wrote: they have one environment.
    fn of_objects(
        held: Held,
        source: &Source,
        target: Minor,
        today: Date,
    ) -> Result<Self, Failure> {
        let loaded = foreign::read(&held, source, target)?;
        let mut findings = loaded.findings;
        let objects = Objects {
            world: &loaded.world,
            target,
        };
        findings.extend(plimsoll_rules::check_objects(objects));
        Ok(Self {
            path: held.path()?,
            sources: loaded.sources,
            findings,
            environments: vec![Ready {
                world: loaded.world,
                target,
                written: Written::Objects(held),
            }],
            today,
            chosen: Some(0),
        })
    }

    /// The chosen environment; `None` where it could not be compiled.
    pub fn chosen(&self) -> Option<&Ready> {
        self.chosen.map(|at| &self.environments[at])
    }

    /// Prints the findings to stderr, and gives the chosen environment unless one of them is an
    /// error.
    pub fn or_findings(&self, terminal: Terminal) -> Option<&Ready> {
        let ready = self.chosen().filter(|_| !self.findings.any_error());
        if ready.is_none() {
            terminal::progress(self.text(terminal.colors_err(), terminal).trim_end());
        }
        ready
    }

    /// All environments, as outputs take them; `None` where the chosen one could not be compiled, or
    /// no application file was read.
    pub fn system(&self) -> Option<System<'_>> {
        Some(System {
            environments: self
                .environments
                .iter()
                .map(written)
                .collect::<Option<_>>()?,
            chosen: self.chosen?,
        })
    }

    /// The findings as text.
    pub fn text(&self, color: bool, terminal: Terminal) -> String {
        self.text_of(&self.findings, color, terminal)
    }

    /// Findings about this file as text.
    pub fn text_of(&self, findings: &Findings, color: bool, terminal: Terminal) -> String {
        let look = Look {
            color,
            width: terminal.width(),
        };
        render::terminal(findings, &self.sources, look)
    }
}

/// An environment as outputs take it, where an application file says it.
fn written(ready: &Ready) -> Option<Environment<'_>> {
    let application = ready.application().ok()?;
    Some(Environment {
        app: application.app(),
        tree: &application.environment.tree,
        blueprint: &application.compiled.blueprint,
        world: &ready.world,
    })
}

fn unknown_environment(name: &str, names: &[Str]) -> Failure {
    let near = plimsoll_source::near(name, names.iter().map(Str::as_str));
    let hint = near.map_or_else(
        || "; there".to_owned(),
        |near| format!("; did you mean `{near}`? There"),
    );
    let all: Vec<&str> = names.iter().map(Str::as_str).collect();
    Failure::usage(format!(
        "there is no environment `{name}`{hint} are: {}",
        all.join(", ")
    ))
}

/// An environment that could be compiled, and what is wrong with it.
type Judged = Option<(Ready, Findings)>;

/// Every environment with its name, on all cores.
fn judged(
    environments: Vec<LoadedEnvironment>,
    target: Option<Minor>,
    today: Date,
) -> Vec<(Str, Judged)> {
    let judge = |environment: LoadedEnvironment| {
        let name = environment.name.clone();
        (name, ready(environment, target, today))
    };
    environments.into_par_iter().map(judge).collect()
}

fn ready(environment: LoadedEnvironment, target: Option<Minor>, today: Date) -> Judged {
    let app = environment.app.as_ref()?;
    let target = target
        .or_else(|| app.cluster.version.peek().parse().ok())
        .unwrap_or(Minor::LAST);
    let mut compiled = compile(app, target);
    let world = evaluate(&compiled.blueprint, &Values::of_the_file());
    let mut findings = std::mem::take(&mut compiled.findings);
    findings.extend(plimsoll_rules::check(&Subject {
        app,
        tree: &environment.tree,
        world: &world,
        target,
        today,
    }));
    findings.extend(plimsoll_emit::platform::check(
        app,
        &environment.tree,
        &world,
    ));
    let application = Application {
        environment,
        compiled,
    };
    let ready = Ready {
        world,
        target,
        written: Written::Application(Box::new(application)),
    };
    Some((ready, findings))
}

/// Reads an application file from the disk.
pub fn read(path: &Path, sets: &[(String, String)]) -> Result<Loaded, Failure> {
    // Asked for first, so that a file that cannot be read is no mistake of its content.
    std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(plimsoll_spec::load::load(
        &Disk,
        &project::shown(path),
        sets,
    ))
}

/// Reads an application file with another text than on the disk.
pub fn read_as(path: &Path, text: &str) -> Loaded {
    let name = project::shown(path);
    let draft = Instead { name: &name, text };
    plimsoll_spec::load::load(&draft, &name, &[])
}

/// Whether an application has an environment.
pub fn known(loaded: &Loaded, name: &str) -> Result<(), Failure> {
    let names: Vec<Str> = loaded
        .environments
        .iter()
        .map(|env| env.name.clone())
        .collect();
    if names.iter().any(|known| known == name) {
        return Ok(());
    }
    Err(unknown_environment(name, &names))
}

/// The disk with one other text.
struct Instead<'a> {
    name: &'a str,
    text: &'a str,
}

impl Files for Instead<'_> {
    fn read(&self, path: &str) -> std::io::Result<Option<String>> {
        if path == self.name {
            return Ok(Some(self.text.to_owned()));
        }
        Disk.read(path)
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        Disk.glob(pattern)
    }
}

/// The disk, as paths from the current folder.
struct Disk;

impl Files for Disk {
    fn read(&self, path: &str) -> std::io::Result<Option<String>> {
        match std::fs::read(path) {
            Ok(bytes) => Ok(Some(String::from_utf8(bytes).map_err(|_| {
                std::io::Error::new(
                    std::io::ErrorKind::InvalidData,
                    "the file is not UTF-8 text",
                )
            })?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn glob(&self, pattern: &str) -> Vec<String> {
        let fixed = pattern
            .split('/')
            .take_while(|step| !step.contains('*'))
            .count();
        let steps: Vec<&str> = pattern.split('/').collect();
        if fixed == steps.len() {
            return Path::new(pattern)
                .is_file()
                .then(|| pattern.to_owned())
                .into_iter()
                .collect();
        }
        let (base, rest) = (steps[..fixed].join("/"), steps[fixed..].join("/"));
        let mut found = Vec::new();
        let folder = if base.is_empty() { "." } else { &base };
        walk(Path::new(folder), "", &rest, &mut found);
        let full = |path: String| {
            if base.is_empty() {
                path
            } else {
                format!("{base}/{path}")
            }
        };
        let mut found: Vec<String> = found.into_iter().map(full).collect();
        found.sort();
        found
    }
}

fn walk(folder: &Path, before: &str, pattern: &str, found: &mut Vec<String>) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let hidden = name.starts_with('.');
        let path = if before.is_empty() {
            name
        } else {
            format!("{before}/{name}")
        };
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if !hidden {
                walk(&entry.path(), &path, pattern, found);
            }
        } else if plimsoll_spec::load::glob::matches(pattern, &path) {
            found.push(path);
        }
    }
}
