//! What the `go` command is asked for: module folders, replacements, builds.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

/// A module in the module cache.
#[derive(Debug, Deserialize)]
pub struct Module {
    /// Its `go.mod`.
    #[serde(rename = "GoMod")]
    pub go_mod: PathBuf,
    /// Its unpacked files.
    #[serde(rename = "Dir")]
    pub folder: PathBuf,
}

/// Downloads a module; the checksum database vouches for it.
pub fn download(module: &str, version: &str) -> Result<Module> {
    let wanted = format!("{module}@{version}");
    let folder = tempfile::tempdir().context("making a folder outside any module")?;
    let mut go = go(folder.path());
    go.args(["mod", "download", "-json", &wanted]);
    let text = output(go).with_context(|| format!("downloading {wanted}"))?;
    serde_json::from_slice(&text).with_context(|| format!("reading what go says of {wanted}"))
}

/// A text without the lines of a chart's template around it: `{{- if … }}`, `{{- end }}`.
pub fn without_templates(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.starts_with("{{"));
    lines.map(|line| format!("{line}\n")).collect()
}

/// One `replace` directive of a `go.mod`.
#[derive(Debug, Deserialize)]
pub struct Replacement {
    /// What is replaced.
    #[serde(rename = "Old")]
    pub old: Place,
    /// What stands in its place.
    #[serde(rename = "New")]
    pub new: Place,
}

/// A module path, or a folder, and a version where there is one.
#[derive(Debug, Deserialize)]
pub struct Place {
    /// Path of the module, or a folder that begins with a dot.
    #[serde(rename = "Path")]
    pub path: String,
    /// Exact version, if one is named.
    #[serde(rename = "Version", default)]
    pub version: String,
}

/// The replacements that a module's `go.mod` asks for.
pub fn replacements(go_mod: &Path) -> Result<Vec<Replacement>> {
    #[derive(Deserialize)]
    struct File {
        #[serde(rename = "Replace", default)]
        replace: Option<Vec<Replacement>>,
    }
    let mut go = go(Path::new("/"));
    go.args(["mod", "edit", "-json"]).arg(go_mod);
    let text = output(go).with_context(|| format!("reading {}", go_mod.display()))?;
    let file: File = serde_json::from_slice(&text)?;
    Ok(file.replace.unwrap_or_default())
}

/// Builds one package inside the module at `folder`.
pub fn build(folder: &Path, package: &str, linker_flags: &str, program: &Path) -> Result<()> {
    let mut go = go(folder);
    go.args([
        "build",
        "-mod=mod",
        "-trimpath",
        "-ldflags",
        linker_flags,
        "-o",
    ]);
    go.arg(program).arg(package);
    output(go).map(drop)
}

fn go(folder: &Path) -> Command {
    let mut go = Command::new("go");
    go.current_dir(folder)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off");
    go
}

/// Runs to the end; what the program wrote to stderr becomes the error.
fn output(mut command: Command) -> Result<Vec<u8>> {
    let output = command
        .output()
        .with_context(|| format!("starting {command:?}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    let last: Vec<&str> = said.lines().rev().take(20).collect();
    let last: Vec<&str> = last.into_iter().rev().collect();
    ensure!(
        output.status.success(),
        "{}\n{}",
        output.status,
        last.join("\n")
    );
    Ok(output.stdout)
}
