//! `plimsoll set`: changes one thing of the application file in place.

use crate::args::{Set, SetImage};
use crate::exit::{Exit, Failure, Outcome};
use crate::images::{self, Change, Draft};
use crate::prepare;
use crate::project;
use crate::terminal;
use crate::write;
use similar::TextDiff;

/// Changes images.
pub fn run(args: &Set) -> Outcome {
    match args {
        Set::Image(args) => image(args),
    }
}

fn image(args: &SetImage) -> Outcome {
    let path = project::locate(args.file.as_deref())?;
    let mut draft = Draft::open(path)?;
    let loaded = draft.loaded()?;
    let before = images::of_all(&loaded);
    if let Some(name) = &args.environment {
        prepare::known(&loaded, name)?;
    }
    for change in &args.images {
        if let Change::TagOf(service, _) | Change::Whole(service, _) = change {
            known_service(&before, service)?;
        }
        draft.set(args.environment.as_deref(), change)?;
    }
    let after = images::of_all(&draft.loaded()?);
    for (environment, images) in &after {
        let is_meant = args
            .environment
            .as_ref()
            .is_none_or(|name| name == environment);
        if !is_meant && before.get(environment) != Some(images) {
            return Err(Failure::usage(format!(
                "images of `{environment}` would change too; change the file by hand"
            )));
        }
    }
    let reached = |environment: &String| {
        args.images
            .iter()
            .all(|change| holds(change, &after[environment], &before[environment]))
    };
    let mut meant = after.keys().filter(|name| {
        args.environment
            .as_ref()
            .is_none_or(|wanted| wanted == *name)
    });
    if !meant.any(reached) {
        return Err(Failure::usage(
            "an image keeps its value: what is written for it alone, or in an environment, holds",
        ));
    }
    finish(&draft, args.diff)
}

/// Whether a change arrived.
fn holds(change: &Change, after: &images::Images, before: &images::Images) -> bool {
    match change {
        Change::Tag(tag) => {
            let ends = |image: &String| image.ends_with(&format!(":{tag}"));
            after.values().any(ends) || after == before && after.is_empty()
        }
        Change::TagOf(service, version) => {
            let (crate::images::Version::Tag(text) | crate::images::Version::Digest(text)) =
                version;
            after
                .get(service)
                .is_some_and(|image| image.contains(text.as_str()))
        }
        Change::Whole(service, image) => after.get(service) == Some(image),
    }
}

fn known_service(
    all: &std::collections::BTreeMap<String, images::Images>,
    service: &str,
) -> Result<(), Failure> {
    if all.values().any(|images| images.contains_key(service)) {
        return Ok(());
    }
    let names = all
        .values()
        .flat_map(|images| images.keys().map(String::as_str));
    let near = plimsoll_source::near(service, names);
    let hint = near
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    Err(Failure::usage(format!(
        "there is no service `{service}`{hint}"
    )))
}

/// Writes the file, or shows what would change.
pub fn finish(draft: &Draft, diff: bool) -> Outcome {
    let shown = project::shown(draft.path());
    if draft.text == draft.before {
        terminal::progress(&format!("{shown}: nothing to change"));
        return Ok(Exit::Fine);
    }
    let changes = TextDiff::from_lines(&draft.before, &draft.text);
    let text = changes
        .unified_diff()
        .context_radius(0)
        .header(&shown, &shown)
        .to_string();
    terminal::out(text);
    if !diff {
        write::file(draft.path(), draft.text.as_bytes())?;
    }
    Ok(Exit::Fine)
}
