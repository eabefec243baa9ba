//! Installs the pinned tools into the cache, each from its Go module.
//!
//! A module's own `replace` lines do not reach a build that only depends on it, and `go install`
//! refuses such modules; so each tool is built in a throw-away module that repeats those lines.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use plimsoll_testkit::cache;
use plimsoll_testkit::catalogue::{self, TOOLS, Tool};

use crate::go;

/// Installs the named tools, or all that tests need; those that are there are left alone.
///
/// One that cannot be built does not keep the others from being tried.
pub fn install(names: &[&str]) -> Result<()> {
    let mut failed = Vec::new();
    for tool in chosen(names)? {
        if cache::installed(tool).is_some() {
            println!("{} {} is there", tool.name, tool.version);
            continue;
        }
        let start = Instant::now();
        match build(tool) {
            Ok(()) => {
                println!(
                    "{} {} built in {} s",
                    tool.name,
                    tool.version,
                    start.elapsed().as_secs()
                );
            }
            Err(error) => {
                println!("{} {} did not build", tool.name, tool.version);
                failed.push(format!("{}: {error:#}", tool.name));
            }
        }
    }
    ensure!(failed.is_empty(), "not installed:\n{}", failed.join("\n"));
    Ok(())
}

/// Prints every tool, its version, and whether it is installed.
pub fn list() {
    for tool in TOOLS {
        let state = if cache::installed(tool).is_some() {
            "installed"
        } else {
            "missing"
        };
        println!("{:28} {:9} {state}", tool.name, tool.version);
    }
}

fn chosen(names: &[&str]) -> Result<Vec<&'static Tool>> {
    if names.is_empty() {
        return Ok(TOOLS.iter().collect());
    }
    let find = |name: &&str| {
        catalogue::named(name).with_context(|| format!("no tool named `{name}`; see --list"))
    };
    names.iter().map(find).collect()
}

fn build(tool: &Tool) -> Result<()> {
    let programs = cache::programs();
    fs::create_dir_all(&programs).with_context(|| format!("making {}", programs.display()))?;
    let module = go::download(tool.module, tool.version)?;
    let first = match tool.family.first() {
        Some(first) => go::download(first.module, first.version)?,
        None => go::download(tool.module, tool.version)?,
    };
    let work = tempfile::tempdir_in(&programs)?;
    fs::write(
        work.path().join("go.mod"),
        wrapper(tool, &go::replacements(&first.go_mod)?),
    )?;
    let (text, package) = program(tool);
    fs::write(work.path().join("tool.go"), text)?;
    let built = work.path().join(tool.name);
    go::build(work.path(), &package, &linker_flags(tool), &built)?;
    if tool.name == "kwok" {
        copy_stages(&module.folder)?;
    }
    // The stamp comes last: an interrupted installation is done again.
    fs::rename(built, programs.join(tool.name))?;
    fs::write(cache::stamp(tool), tool.stamp())?;
    Ok(())
}

/// The file of the throw-away module, and the package to be built: a program of ours, or one that only names
/// the tool's.
fn program(tool: &Tool) -> (String, String) {
    if let Some(main) = tool.main {
        return (main.to_owned(), ".".to_owned());
    }
    let package = tool.import_path();
    let text = format!("//go:build tool\n\npackage tool\n\nimport _ \"{package}\"\n");
    (text, package)
}

/// Text of a module that depends on the tool, and its family, and repeats the replacements.
///
/// A folder means nothing outside its repository: the version that the module requires is taken.
/// Kubernetes' staging folders are the exception, for it requires them as `v0.0.0`; published,
/// `v1.X.Y` of it belongs to `v0.X.Y` of them.
fn wrapper(tool: &Tool, replacements: &[go::Replacement]) -> String {
    let mut text = format!(
        "module plimsoll.example/tool\n\ngo 1.26\n\nrequire {} {}\n",
        tool.module, tool.version
    );
    for other in tool.family.iter().filter(|pin| pin.module != tool.module) {
        writeln!(text, "require {} {}", other.module, other.version).expect("writing to a string");
    }
    for replacement in replacements {
        let (mut path, mut version) = (
            replacement.new.path.as_str(),
            replacement.new.version.clone(),
        );
        if let Some(staged) = path.strip_prefix("./staging/src/") {
            path = staged;
            version = tool.version.replacen("v1.", "v0.", 1);
        } else if path.starts_with('.') {
            continue;
        }
        let old = &replacement.old;
        writeln!(
            text,
            "replace {} {} => {path} {version}",
            old.path, old.version
        )
        .expect("writing to a string");
    }
    text
}

/// Kubernetes' programs learn their version from the linker; without it they claim to be 0.0.0.
fn linker_flags(tool: &Tool) -> String {
    let mut flags = "-s -w".to_owned();
    if tool.module != "k8s.io/kubernetes" {
        return flags;
    }
    let minor = tool.version.split('.').nth(1).unwrap_or_default();
    for package in [
        "k8s.io/component-base/version",
        "k8s.io/client-go/pkg/version",
    ] {
        write!(
            flags,
            " -X {package}.gitVersion={} -X {package}.gitMajor=1 -X {package}.gitMinor={minor} \
             -X {package}.gitTreeState=clean",
            tool.version
        )
        .expect("writing to a string");
    }
    flags
}

/// Keeps KWOK's own stages for nodes and pods beside it: how its fake kubelets behave.
fn copy_stages(module: &Path) -> Result<()> {
    let to = cache::kwok_stages();
    fs::create_dir_all(&to)?;
    for folder in ["node/fast", "node/heartbeat-with-lease", "pod/fast"] {
        let from = module.join("kustomize/stage").join(folder);
        for entry in fs::read_dir(&from).with_context(|| format!("reading {}", from.display()))? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name != "kustomization.yaml" && name.ends_with(".yaml") {
                fs::write(to.join(name), fs::read(&path)?)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replacement(old: &str, path: &str, version: &str) -> go::Replacement {
        let place = |path: &str, version: &str| go::Place {
            path: path.to_owned(),
            version: version.to_owned(),
        };
        go::Replacement {
            old: place(old, ""),
            new: place(path, version),
        }
    }

    #[test]
    fn staged_modules_are_required_in_the_version_of_their_kubernetes() {
        let tool = catalogue::named("kubectl").unwrap();
        let text = wrapper(
            tool,
            &[replacement("k8s.io/api", "./staging/src/k8s.io/api", "")],
        );
        assert!(text.contains("require k8s.io/kubernetes v1.37.1"), "{text}");
        assert!(text.contains("k8s.io/api  => k8s.io/api v0.37.1"), "{text}");
    }

    #[test]
    fn other_replacements_are_repeated_as_they_are() {
        let tool = catalogue::named("helm").unwrap();
        let text = wrapper(tool, &[replacement("a.example/x", "b.example/y", "v1.2.3")]);
        assert!(
            text.contains("replace a.example/x  => b.example/y v1.2.3"),
            "{text}"
        );
    }

    #[test]
    fn folders_of_another_repository_are_not_repeated() {
        let tool = catalogue::named("etcd").unwrap();
        assert!(!wrapper(tool, &[replacement("a.example/x", "../x", "")]).contains("replace"));
    }

    #[test]
    fn tools_of_a_family_are_built_with_the_same_modules() {
        let family =
            ["rollouts-controller", "argo-sync"].map(|name| catalogue::named(name).unwrap());
        let lines = family.map(|tool| {
            let text = wrapper(tool, &[]);
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        });
        assert_eq!(lines[0], lines[1]);
    }

    #[test]
    fn a_name_that_is_no_tool_is_refused() {
        assert!(chosen(&["helmet"]).is_err());
    }
}
