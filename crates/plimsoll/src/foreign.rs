//! Objects that no application file made: read from files, or printed by `kustomize` or `helm`, which are
//! asked where they are installed.

use crate::args::Source;
use crate::exit::Failure;
use crate::held::Held;
use crate::project;
use anyhow::Context;
use plimsoll_manifests::{Identity, Loaded, Text, load, split};
use plimsoll_schema::Minor;
use plimsoll_source::{Findings, Node, Sources, Str, yaml};
use std::io::Read as _;
use std::path::Path;
use std::process::Command;

/// Reads what is held, under the name that was given or that it has.
pub fn read(held: &Held, source: &Source, target: Minor) -> Result<Loaded, Failure> {
    let is_chart = matches!(held, Held::Chart(_));
    if !is_chart && (!source.values.is_empty() || !source.set.is_empty()) {
        return Err(Failure::usage(format!(
            "`--values` and `--set` are for application files and charts; this is {}",
            held.word()
        )));
    }
    let identity = Identity {
        application: name(held, source)?,
        environment: Str::from(source.environment.as_deref().unwrap_or("default")),
        namespace: source.namespace.as_deref().map(Str::from),
    };
    let texts = match held {
        Held::Application(path) => unreachable!("{} is read by its own reader", path.display()),
        Held::Manifests(_, files) => {
            let mut texts = Vec::new();
            for file in files {
                let bytes = std::fs::read(file);
                texts.push(Text {
                    name: project::shown(file).into(),
                    bytes: bytes.with_context(|| format!("reading {}", file.display()))?,
                });
            }
            texts
        }
        Held::Stream => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().read_to_end(&mut bytes);
            read.context("reading manifests from stdin")?;
            vec![Text {
                name: Str::from("stdin"),
                bytes,
            }]
        }
        Held::Overlay(folder) => vec![Text {
            name: format!("{} as built", project::shown(folder)).into(),
            bytes: built(folder)?,
        }],
        Held::Chart(folder) => {
            let stream = templated(folder, source, &identity)?;
            split(&String::from_utf8_lossy(&stream))
        }
    };
    Ok(load(&texts, &identity, target))
}

/// The name of the application: as it was given, that of the chart, or that of the folder or file.
fn name(held: &Held, source: &Source) -> Result<Str, Failure> {
    if let Some(name) = &source.called {
        return Ok(Str::from(name.as_str()));
    }
    if let Held::Chart(folder) = held
        && let Some(name) = chart_name(&folder.join("Chart.yaml"))
    {
        return Ok(name);
    }
    let path = held.path()?;
    let whole = std::fs::canonicalize(&path);
    let whole = whole.with_context(|| format!("finding {}", path.display()))?;
    let stem = whole.file_stem().unwrap_or_default().to_string_lossy();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name: String = stem
        .to_lowercase()
        .chars()
        .map(|c| if fits(c) { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        return Err(Failure::usage(
            "nothing here has a name; give one: `--name NAME`",
        ));
    }
    Ok(Str::from(name))
}

fn chart_name(file: &Path) -> Option<Str> {
    let bytes = std::fs::read(file).ok()?;
    let (mut sources, mut findings) = (Sources::default(), Findings::default());
    let file = yaml::decode(&mut sources, "Chart.yaml", &bytes, &mut findings);
    let document = yaml::read(&sources, file, &mut findings)
        .into_iter()
        .next()?;
    document.get("name").and_then(Node::text).cloned()
}

/// What `kustomize build` prints; `kubectl` has the same inside.
fn built(folder: &Path) -> Result<Vec<u8>, Failure> {
    for (program, word) in [("kustomize", "build"), ("kubectl", "kustomize")] {
        let mut command = Command::new(program);
        if let Some(printed) = printed(command.arg(word).arg(folder))? {
            return Ok(printed);
        }
    }
    Err(missing(
        "kustomize` or `kubectl",
        "an overlay",
        "`kustomize build`",
    ))
}

/// What `helm template` prints.
fn templated(folder: &Path, source: &Source, identity: &Identity) -> Result<Vec<u8>, Failure> {
    let mut command = Command::new("helm");
    command
        .args(["template", identity.application.as_str()])
        .arg(folder);
    command.arg("--include-crds");
    command.arg("--namespace");
    command.arg(identity.namespace.as_deref().unwrap_or("default"));
    for file in &source.values {
        command.arg("--values").arg(file);
    }
    for (key, value) in &source.set {
        command.arg("--set").arg(format!("{key}={value}"));
    }
    printed(&mut command)?.ok_or_else(|| missing("helm", "a chart", "`helm template`"))
}

/// What a program prints; nothing where it is not installed.
fn printed(command: &mut Command) -> Result<Option<Vec<u8>>, Failure> {
    let line = format!("{command:?}").replace('"', "");
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).context(format!("running `{line}`"))?,
    };
    if output.status.success() {
        return Ok(Some(output.stdout));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(anyhow::anyhow!("{}", said.trim()).context(format!("running `{line}`")))?
}

fn missing(program: &str, what: &str, how: &str) -> Failure {
    let why = format!(
        "`{program}` is not installed: {what} of somebody else is read through {how}. Install it, or give what it \
         prints: `… | plimsoll check -`"
    );
    anyhow::anyhow!(why).into()
}
