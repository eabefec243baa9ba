//! `plimsoll render`: the deployment in the forms that other tools take.

use crate::args::{Output, Render};
use crate::exit::{Exit, Failure, Outcome};
use crate::folder::{Others, Part, Plan};
use crate::prepare::{Prepared, Ready};
use crate::terminal::{self, Terminal};
use clap::ValueEnum;
use plimsoll_emit::folders::{self, Folders};
use plimsoll_emit::{
    Emitted, Environment, System, argocd, compose, flux, github, helm, kustomize, manifests,
    platform, releases,
};
use plimsoll_source::Findings;

/// An output of all environments at once.
pub type Emit = fn(&System<'_>) -> Emitted;

/// Every output that holds all environments.
pub const OUTPUTS: &[(Output, Emit)] = &[
    (Output::Kustomize, kustomize::files),
    (Output::Compose, compose::files),
    (Output::Helm, helm::files),
    (Output::Argocd, argocd::files),
    (Output::Flux, flux::files),
    (Output::Helmfile, helmfiles),
    (Output::Github, github::files),
];

/// The platform, and our charts.
fn helmfiles(system: &System<'_>) -> Emitted {
    let mut emitted = platform::files(system);
    let releases = releases::files(system);
    emitted.files.extend(releases.files);
    emitted.findings.extend(releases.findings);
    emitted
}

/// Writes an output into a folder, or to stdout where it is one file.
pub fn run(args: &Render, terminal: Terminal) -> Outcome {
    let prepared = Prepared::new(&args.source, args.kubernetes.as_deref())?;
    let Some(ready) = prepared.or_findings(terminal) else {
        return Ok(Exit::Findings);
    };
    let app = ready.application()?.app();
    let system = prepared.system().expect("an environment is chosen");
    let is_stream = args.to == Output::Manifests && args.output.is_none();
    let (parts, mut findings) = if is_stream {
        (Vec::new(), folders::check(&system))
    } else {
        parts(args.to, &system)
    };
    plimsoll_rules::levels::silence(app, prepared.today, &mut findings);
    let text = prepared.text_of(&findings, terminal.colors_err(), terminal);
    if !findings.is_empty() && !text.trim().is_empty() {
        terminal::progress(text.trim_end());
    }
    if findings.any_error() {
        return Ok(Exit::Findings);
    }
    let Some(folder) = &args.output else {
        return to_stdout(args.to, &parts, ready);
    };
    let others = match args.to {
        Output::All => Others::Go,
        _ => Others::Stay,
    };
    let plan = Plan::new(folder, &parts, others)?;
    if args.diff {
        terminal::out(plan.diff());
        return Ok(if plan.is_idle() {
            Exit::Fine
        } else {
            Exit::Findings
        });
    }
    let written = plan.write()?;
    terminal::progress(&format!(
        "{}: {} files changed, {} unchanged, {} removed",
        folder.display(),
        written.changed,
        written.unchanged,
        written.removed
    ));
    Ok(Exit::Fine)
}

/// The parts of an output, and what it cannot express.
fn parts(to: Output, system: &System<'_>) -> (Vec<Part>, Findings) {
    let mut findings = folders::check(system);
    // A folder that leads outside must not even be thought of.
    if findings.any_error() {
        return (Vec::new(), findings);
    }
    let mut parts = Vec::new();
    let plain = |env: &Environment<'_>| Part {
        name: format!("manifests/{}", env.name()),
        files: manifests::files(env.world, &Folders::of(system).manifests(env.name())),
    };
    match to {
        Output::Manifests => parts.push(plain(system.chosen())),
        Output::All => parts.extend(system.environments.iter().map(plain)),
        _ => {}
    }
    for (output, emit) in OUTPUTS {
        if to == *output || to == Output::All {
            let emitted = emit(system);
            findings.extend(emitted.findings);
            parts.push(Part {
                name: word(*output),
                files: emitted.files,
            });
        }
    }
    (parts, findings)
}

/// Prints a stream of objects, or the one file of an output.
fn to_stdout(to: Output, parts: &[Part], ready: &Ready) -> Outcome {
    if to == Output::Manifests {
        manifests::stream(&ready.world, |part| terminal::out(part));
        return Ok(Exit::Fine);
    }
    let mut files = parts.iter().flat_map(|part| part.files.iter());
    match (files.next(), files.next()) {
        (Some((_, bytes)), None) => terminal::out(bytes),
        (None, _) => {}
        (Some(_), Some(_)) => {
            return Err(Failure::usage(format!(
                "`--to {}` writes many files; name a folder for them: `-o DIR`",
                word(to)
            )));
        }
    }
    Ok(Exit::Fine)
}

/// The word of an output on the command line.
fn word(output: Output) -> String {
    let value = output.to_possible_value().expect("no output is hidden");
    value.get_name().to_owned()
}
