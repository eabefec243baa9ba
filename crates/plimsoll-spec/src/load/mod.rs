//! From text to applications: read, include, spell out, merge, put under, substitute, type, cap.

pub mod glob;
pub mod include;
pub mod layers;
pub mod texts;
pub mod under;

use plimsoll_source::{
    FileId, Finding, Findings, Level, Node, Origin, Sourced, Sources, Span, Str, yaml,
};
use std::collections::{BTreeMap, BTreeSet};

use crate::app::{App, Environment};
use crate::complete;
use crate::read::{Context, Reader, Things, Word};
use crate::reference::{Substitution, fixed_variables, variables};
use crate::rules::layers as rules;
use crate::rules::shapes::MISSING_KEY;
use crate::shape::canonical::Speller;
use crate::{cap, relations, tree};
pub use texts::{Files, Texts};

/// What an application file says, in every environment.
#[derive(Debug)]
pub struct Loaded {
    /// Every text that was read.
    pub sources: Sources,
    /// Mistakes of all environments.
    pub findings: Findings,
    /// Name of the application, if there is one.
    pub app_name: Option<Str>,
    /// The environments, in the order of the file; at least one.
    pub environments: Vec<LoadedEnvironment>,
    /// Number of the environment that is chosen without `-e`.
    pub default: usize,
}

/// What an application file says in one environment.
#[derive(Debug)]
pub struct LoadedEnvironment {
    /// Its name.
    pub name: Str,
    /// Its name in file names.
    pub short: Str,
    /// Its layers, merged and with what lies under them, before any word has a type: where
    /// something is written that an output shows again.
    pub tree: Node,
    /// The application; nothing where too much of it is wrong.
    pub app: Option<App>,
}

/// Reads an application file and all that it includes, in every environment. `sets` are dotted
/// keys with values in YAML, which lie over everything.
pub fn load(files: &dyn Files, path: &str, sets: &[(String, String)]) -> Loaded {
    let (folder, name) = match path.rsplit_once('/') {
        Some((folder, name)) => (Some(folder), name),
        None => (None, path),
    };
    let mut run = Run {
        files,
        folder,
        sources: Sources::default(),
        known: BTreeMap::new(),
        findings: Findings::default(),
    };
    let environments = run.environments(name, sets);
    let (app_name, environments, default) = environments.unwrap_or((None, Vec::new(), 0));
    Loaded {
        sources: run.sources,
        findings: run.findings,
        app_name,
        environments,
        default,
    }
}

/// What is known of one environment before it is read.
struct Given<'a> {
    environment: &'a Environment,
    known: &'a BTreeSet<Str>,
    bad: &'a BTreeSet<Span>,
    broken: bool,
    is_nameless: bool,
}

impl Given<'_> {
    /// Reports what does not follow from a value that is reported already.
    fn report_new(&self, found: &Findings, findings: &mut Findings) {
        for finding in found.sorted() {
            if !finding.place().is_some_and(|span| self.bad.contains(&span)) {
                findings.report(finding.clone());
            }
        }
    }
}

struct Run<'a> {
    files: &'a dyn Files,
    folder: Option<&'a str>,
    sources: Sources,
    known: BTreeMap<Str, Option<FileId>>,
    findings: Findings,
}

impl Run<'_> {
    fn texts(&mut self) -> Texts<'_> {
        Texts::new(self.files, self.folder, &mut self.sources, &mut self.known)
    }

    fn environments(
        &mut self,
        name: &str,
        sets: &[(String, String)],
    ) -> Option<(Option<Str>, Vec<LoadedEnvironment>, usize)> {
        let root = self.read(name)?;
        // Where the text itself is broken, what is missing proves nothing.
        let loader = &plimsoll_source::rules::ALL;
        let broken = self.findings.sorted().iter().any(|finding| {
            finding.level == Level::Error
                && loader.iter().any(|rule| rule.code == finding.rule.code)
        });
        let mut speller = Speller::default();
        let root = speller.spell(&App::shape(), &root, "the file");
        let set = self.sets(sets, &mut speller);
        self.findings.extend(std::mem::take(&mut speller.findings));
        let mut root = root?;
        let is_nameless = root.get("app").is_none();
        if is_nameless {
            root = self.named(&root, &speller);
        }
        self.fixed_name(&root);
        let app_name = root.get("app").and_then(Node::text).cloned();
        let layers = layers::Layers::of(&root, set, &mut self.findings);
        speller.bad.extend(layers.strays(&mut self.findings));
        let mut removed = BTreeSet::new();
        let mut environments = Vec::new();
        for environment in layers.environments() {
            let merged = layers.merged(&environment, &mut removed);
            let mut findings = Findings::default();
            let under = under::put_under(&merged, &mut removed, &mut findings);
            let given = Given {
                environment: &environment,
                known: layers.known(),
                bad: &speller.bad,
                broken,
                is_nameless,
            };
            let app = self.one(&under, &given, &mut findings);
            self.findings.extend_from(environment.name.peek(), findings);
            environments.push(LoadedEnvironment {
                name: environment.name.peek().clone(),
                short: environment.short.peek().clone(),
                tree: under.root,
                app,
            });
        }
        self.idle_nulls(&speller, &removed);
        relations::environments::check(&environments, &mut self.findings);
        Some((app_name, environments, layers.default()))
    }

    /// One environment, from the merged tree on.
    fn one(
        &mut self,
        under: &under::Under,
        given: &Given<'_>,
        findings: &mut Findings,
    ) -> Option<App> {
        let environment = given.environment;
        let env = environment.name.map(Str::clone);
        let mut root = tree::with(
            &under.root,
            &["env"],
            Node::Text(env.origin().clone(), env.peek().clone()),
        );
        root = complete::namespace::name(&root);
        let mut fixed = fixed_variables(&root);
        let mut quiet = Findings::default();
        let vars = variables(&root, &mut quiet);
        root = complete::namespace::substituted(&root, &vars);
        let vars = variables(&root, findings);
        let mut substitution = Substitution::new(&root, &vars);
        let substituted = substitution.apply(&App::shape(), &root);
        findings.extend(std::mem::take(&mut substitution.findings));
        fixed.append(&mut substitution.fixed);
        relations::keys::check(&App::shape(), &substituted, findings);
        let mut texts = self.texts();
        let complete = complete::complete(&substituted, &mut texts, findings);
        let mut aliases = complete.aliases;
        aliases.extend(under.aliases.clone());
        let mut unresolved = Findings::default();
        let layers = relations::uses::Layers {
            known: given.known,
            gone: &under.gone,
        };
        let root = relations::uses::resolve(&complete.root, layers, &mut unresolved);
        given.report_new(&unresolved, findings);
        if given.broken {
            return None;
        }
        let things = Things::of(&root);
        let mut texts = Texts::new(self.files, self.folder, &mut self.sources, &mut self.known);
        let mut reader = Reader::new(Context {
            root: &root,
            things: &things,
            known: given.known,
            vars: &vars,
            fixed: &fixed,
            aliases: &aliases,
            bad: given.bad,
            texts: &mut texts,
            environment: environment.clone(),
        });
        let app = App::read(&root, &mut reader);
        findings.extend(std::mem::take(&mut reader.findings));
        let mut app = app?;
        cap::cap(&mut app);
        let mut related = Findings::default();
        relations::check(&app, &self.sources, &mut related);
        given.report_new(&related, findings);
        (!given.is_nameless).then_some(app)
    }

    /// The tree with a name that stands for the one that is missing, so that all else is found.
    fn named(&mut self, root: &Node, speller: &Speller) -> Node {
        let place = root.origin().place();
        if place.is_none_or(|span| !speller.bad.contains(&span)) {
            let finding = Finding::new(&MISSING_KEY, "the file lacks `app`");
            let finding = finding.mark_origin(root.origin(), "`app` is missing");
            self.findings.report(finding.help("begin with `app: NAME`"));
        }
        let name = Node::Text(Origin::rule("missing: app", []), "app".into());
        tree::with(root, &["app"], name)
    }

    /// The name of the application is fixed: everything may be made of it.
    fn fixed_name(&mut self, root: &Node) {
        let app = root.get("app");
        if let Some(app) = app.filter(|app| app.text().is_some_and(|text| text.contains("${"))) {
            let what = "`app` holds `${…}`, and is what others are made of";
            let finding = Finding::new(&rules::REFERENCE_IN_KEY, what);
            let finding = finding.mark_origin(app.origin(), "must be fixed");
            self.findings.report(finding.help("write the name itself"));
        }
    }

    fn read(&mut self, name: &str) -> Option<Node> {
        let mut findings = Findings::default();
        let mut texts = self.texts();
        let main = texts.document(name, &mut findings);
        let exists = texts.file(name).is_some();
        let joined = main.map(|main| include::join(&main, name, &mut texts, &mut findings));
        self.findings.extend(findings);
        if !exists {
            let what = format!("there is no `{name}`");
            self.findings
                .report(Finding::new(&rules::NOTHING_WRITTEN, what));
        }
        joined
    }

    /// `--set` as a layer.
    fn sets(&mut self, sets: &[(String, String)], speller: &mut Speller) -> Option<Node> {
        let mut layer: Option<Node> = None;
        for (key, value) in sets {
            let file = self.sources.add(format!("--set {key}"), value.as_str());
            let mut findings = Findings::default();
            let read = yaml::read(&self.sources, file, &mut findings);
            self.findings.extend(findings);
            let span = Span {
                file,
                start: 0,
                end: u32::try_from(value.len()).unwrap_or(0),
            };
            let origin = Origin::written(span);
            let Some(value) = read.into_iter().next() else {
                let what = format!("`--set {key}=` has no value");
                let finding = Finding::new(&rules::UNREADABLE_SET, what);
                self.findings
                    .report(finding.mark_origin(&origin, "a value is missing"));
                continue;
            };
            let path: Vec<&str> = key.split('.').collect();
            let node = tree::with(&Node::map(origin, []), &path, value);
            let Some(node) = speller.spell(&App::shape(), &node, "--set") else {
                continue;
            };
            layer = Some(match layer {
                Some(lower) => {
                    crate::shape::merge::merge(&App::shape(), &node, &lower, &mut BTreeSet::new())
                }
                None => node,
            });
        }
        layer
    }

    fn idle_nulls(&mut self, speller: &Speller, removed: &BTreeSet<Span>) {
        for (span, key) in speller
            .nulls
            .iter()
            .filter(|(span, _)| !removed.contains(span))
        {
            let what = format!("`{key}: null` removes nothing");
            let finding = Finding::new(&rules::IDLE_NULL, what);
            self.findings
                .report(finding.mark(*span, "nothing below has this key"));
        }
    }
}

/// The environment that there is where none is written.
pub(crate) fn only_environment() -> Environment {
    let name = Sourced::rule("default: environment", Str::from("default"));
    Environment {
        short: name.clone(),
        name,
    }
}
