//! `plimsoll promote`: what runs in one environment is written for the next.

use super::set::finish;
use crate::args::Promote;
use crate::exit::{Failure, Outcome};
use crate::images::{self, Change, Draft};
use crate::prepare;
use crate::project;
use plimsoll_spec::load::Loaded;

/// Writes the images of the environment before into the layer of this one.
pub fn run(args: &Promote) -> Outcome {
    let mut draft = Draft::open(project::locate(args.file.as_deref())?)?;
    let loaded = draft.loaded()?;
    prepare::known(&loaded, &args.to)?;
    let from = match &args.from {
        Some(from) => {
            prepare::known(&loaded, from)?;
            from.clone()
        }
        None => before(&loaded, &args.to)?,
    };
    let wanted = images::of_all(&loaded).remove(&from).unwrap_or_default();
    // One tag for all first: it is one line, and often all that differs.
    if let (Some(tag), true) = (
        tag(&loaded, &from),
        tag(&loaded, &from) != tag(&loaded, &args.to),
    ) {
        draft.set(Some(&args.to), &Change::Tag(tag))?;
    }
    let now = images::of_all(&draft.loaded()?)
        .remove(&args.to)
        .unwrap_or_default();
    for (service, image) in &wanted {
        if now.get(service).is_some_and(|now| now != image) {
            draft.set(
                Some(&args.to),
                &Change::Whole(service.clone(), image.clone()),
            )?;
        }
    }
    let all = images::of_all(&draft.loaded()?);
    let there = |name: &String| all[&args.to].contains_key(name);
    if let Some((service, _)) = wanted
        .iter()
        .find(|(name, image)| there(name) && all[&args.to][*name] != **image)
    {
        return Err(Failure::usage(format!(
            "the image of `{service}` in `{}` cannot be made that of `{from}`; change the file by hand",
            args.to
        )));
    }
    finish(&draft, args.diff)
}

/// The tag of all images of ours.
fn tag(loaded: &Loaded, environment: &str) -> Option<String> {
    let found = loaded
        .environments
        .iter()
        .find(|env| env.name == environment)?;
    found
        .app
        .as_ref()?
        .images
        .tag
        .peek()
        .as_ref()
        .map(ToString::to_string)
}

/// The environment before, as `deliver.promote` has it.
fn before(loaded: &Loaded, to: &str) -> Result<String, Failure> {
    let found = loaded.environments.iter().find(|env| env.name == to);
    let app = found.and_then(|env| env.app.as_ref());
    let order: Vec<&str> = app.map_or_else(Vec::new, |app| {
        app.deliver
            .promote
            .iter()
            .map(|name| name.peek().as_str())
            .collect()
    });
    match order.iter().position(|name| *name == to) {
        Some(0) => Err(Failure::usage(format!(
            "`{to}` is the first of `deliver.promote`; `plimsoll set image TAG -e {to}` brings an image there"
        ))),
        Some(at) => Ok(order[at - 1].to_owned()),
        None => Err(Failure::usage(format!(
            "`deliver.promote` does not say what comes before `{to}`; name it: `--from ENV`"
        ))),
    }
}
