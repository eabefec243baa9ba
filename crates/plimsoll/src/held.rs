//! What a path holds: an application file, manifests, an overlay, or a chart.

use crate::exit::Failure;
use crate::project;
use anyhow::Context;
use std::path::{Path, PathBuf};

/// What is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// An application file.
    Application(PathBuf),
    /// Files with plain manifests, below the first path.
    Manifests(PathBuf, Vec<PathBuf>),
    /// Plain manifests on stdin.
    Stream,
    /// A folder with a `kustomization.yaml`.
    Overlay(PathBuf),
    /// A folder with a `Chart.yaml`.
    Chart(PathBuf),
}

/// Names under which kustomize looks for its file.
const OVERLAYS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Looks what is at a path. An application file comes first, wherever something else lies beside it.
pub fn find(path: Option<&Path>) -> Result<Held, Failure> {
    let Some(path) = path else {
        return project::locate(None).map(Held::Application);
    };
    if path == Path::new("-") {
        return Ok(Held::Stream);
    }
    let has = |name: &str| path.join(name).is_file();
    if !path.is_dir() {
        let found = project::locate(Some(path))?;
        return Ok(if is_manifest(&found)? {
            Held::Manifests(found.clone(), vec![found])
        } else {
            Held::Application(found)
        });
    }
    if has(project::FILE) {
        return project::locate(Some(path)).map(Held::Application);
    }
    if has("Chart.yaml") {
        return Ok(Held::Chart(path.to_path_buf()));
    }
    if OVERLAYS.into_iter().any(has) {
        return Ok(Held::Overlay(path.to_path_buf()));
    }
    let mut files = Vec::new();
    collect(path, &mut files)?;
    for file in &files {
        if is_manifest(file)? {
            return Ok(Held::Manifests(path.to_path_buf(), files));
        }
    }
    project::locate(Some(path)).map(Held::Application)
}

impl Held {
    /// What a person calls it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Application(_) => "an application file",
            Self::Manifests(..) | Self::Stream => "plain manifests",
            Self::Overlay(_) => "a Kustomize overlay",
            Self::Chart(_) => "a Helm chart",
        }
    }

    /// Where it is; the current folder for a stream.
    pub fn path(&self) -> Result<PathBuf, Failure> {
        Ok(match self {
            Self::Application(path)
            | Self::Manifests(path, _)
            | Self::Overlay(path)
            | Self::Chart(path) => path.clone(),
            Self::Stream => std::env::current_dir().context("asking for the current folder")?,
        })
    }
}

/// Whether a file says of what kind it is, as every object of Kubernetes does and no application file.
fn is_manifest(file: &Path) -> Result<bool, Failure> {
    let bytes = std::fs::read(file).with_context(|| format!("reading {}", file.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let says = |key: &str| text.lines().any(|line| line.starts_with(key));
    let is_json = text.trim_start().starts_with('{') && text.contains("\"apiVersion\"");
    Ok(is_json || (says("apiVersion:") && says("kind:")))
}

/// Every YAML and JSON file below a folder, in the order of their paths; hidden ones are left out.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let what = || format!("reading {}", folder.display());
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(what)? {
        entries.push(entry.with_context(what)?.path());
    }
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.starts_with('.') {
            continue;
        }
        let extension = path.extension().and_then(|extension| extension.to_str());
        if path.is_dir() {
            collect(&path, files)?;
        } else if matches!(extension, Some("yaml" | "yml" | "json")) {
            files.push(path);
        }
    }
    Ok(())
}
