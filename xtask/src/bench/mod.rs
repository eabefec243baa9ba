//! Times the program beside real tools, whole processes on the same work.
//!
//! Every figure is the middle one of several runs; memory is the largest resident set of any run. Each
//! command runs under a process of its own that measures it, because a process only learns the
//! largest resident set over all its children.

mod application;
mod cluster;
mod measure;
mod objects;

use anyhow::{Context as _, Result, ensure};
use measure::Figures;
use plimsoll_testkit::{cache, catalogue};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

pub use measure::run as measure;

/// Services of the generated applications.
const SIZES: [usize; 2] = [100, 1_000];
/// `kustomize build` of the larger one takes minutes and says nothing more.
const KUSTOMIZE_UP_TO: usize = 100;

/// Prints a table of figures of a program, or of the one that is built now for release.
pub fn run(program: Option<&str>) -> Result<()> {
    let program = named_or_built(program)?;
    let work = tempfile::tempdir()?;
    println!("{:<58} {:>10} {:>10}", "", "time", "memory");
    let largest = Path::new("examples/identity-platform");
    timed(
        "identity-platform, file to manifests",
        20,
        &render(&program, largest),
    )?;
    timed(
        "traversion, a whole release on the embedded cluster",
        5,
        &up(&program, Path::new("examples/traversion"), work.path()),
    )?;
    for services in SIZES {
        generated(&program, services, work.path())?;
    }
    Ok(())
}

/// The same on a real API server, which takes minutes.
pub fn on_a_cluster(program: Option<&str>) -> Result<()> {
    let program = named_or_built(program)?;
    let work = tempfile::tempdir()?;
    println!("{:<58} {:>10} {:>10}", "", "time", "memory");
    cluster::run(&program, work.path())
}

fn named_or_built(program: Option<&str>) -> Result<PathBuf> {
    program.map_or_else(build, |program| Ok(PathBuf::from(program)))
}

/// The figures of one generated application.
fn generated(program: &Path, services: usize, work: &Path) -> Result<()> {
    let folder = work.join(services.to_string());
    fs::create_dir_all(&folder)?;
    fs::write(
        folder.join("plimsoll.yaml"),
        application::of_services(services),
    )?;
    let named = |what: &str| format!("{services} services, {what}");
    timed(&named("file to manifests"), 5, &render(program, &folder))?;
    let out = folder.join("out");
    let mut all = Command::new(program);
    all.args(["render", "--to", "all", "-o"])
        .arg(&out)
        .arg(&folder);
    timed(&named("file to every output, written"), 3, &all)?;
    if let Some(helm) = tool("helm") {
        let mut template = Command::new(helm);
        template.args(["template", "big"]).arg(out.join("helm/big"));
        timed(&named("helm template of our chart"), 3, &template)?;
    }
    if let Some(kustomize) = tool("kustomize").filter(|_| services <= KUSTOMIZE_UP_TO) {
        let mut build = Command::new(kustomize);
        build
            .arg("build")
            .arg(out.join("kustomize/overlays/default"));
        timed(&named("kustomize build of our overlay"), 1, &build)?;
    }
    timed(
        &named("a whole release on the embedded cluster"),
        1,
        &up(program, &folder, work),
    )
}

/// Prints the figures of one command.
fn timed(name: &str, runs: usize, command: &Command) -> Result<()> {
    let Figures { median, peak } =
        measure::under_a_process(runs, command).with_context(|| name.to_owned())?;
    print(name, &Figures { median, peak }, "");
    Ok(())
}

/// One row of the table.
fn print(name: &str, figures: &Figures, more: &str) {
    println!(
        "{name:<58} {:>7.1} ms {:>6} MB{more}",
        figures.median.as_secs_f64() * 1000.0,
        figures.peak / 1_000_000
    );
}

fn render(program: &Path, application: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("render").arg(application);
    command
}

/// A first release: its state is forgotten before each run.
fn up(program: &Path, application: &Path, work: &Path) -> Command {
    let mut command = Command::new("sh");
    command
        .args([
            "-c",
            "rm -rf \"$XDG_STATE_HOME\" && exec \"$0\" up \"$1\" --json",
        ])
        .arg(program)
        .arg(application)
        .env("XDG_STATE_HOME", work.join("state"));
    command
}

fn tool(name: &str) -> Option<PathBuf> {
    let found = catalogue::named(name).and_then(cache::installed);
    if found.is_none() {
        println!("{name} is not installed: its rows are left out");
    }
    found
}

fn build() -> Result<PathBuf> {
    let status = Command::new(env!("CARGO"))
        .args(["build", "--release", "--package", "plimsoll"])
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "the program does not build: {status}");
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| "target".into(), PathBuf::from);
    Ok(fs::canonicalize(target.join("release/plimsoll"))?)
}
