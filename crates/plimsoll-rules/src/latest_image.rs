//! An image of ours whose content is another one tomorrow.

use crate::Subject;
use plimsoll_source::{Finding, Findings, Level, Origin, Rule};
use plimsoll_spec::App;
use plimsoll_spec::app::Image;
use std::collections::BTreeSet;

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0510",
    name: "latest-image",
    level: Level::Warning,
    consequence: "a node runs what it happened to pull: pods of one release differ, and going back brings nothing back",
    docs: "The image has neither a digest nor a tag but `latest`. Write a tag that never moves, or `images.tag` for \
           all images of ours; what has `build` gets its tag from whoever builds it, `--set images.tag=…`. Where \
           nobody wrote an image it is only a hint.",
};

/// Reports each such image, once for a place.
pub fn check(subject: &Subject, findings: &mut Findings) {
    let app = subject.app;
    let built = built(app);
    let mut seen = BTreeSet::new();
    for (name, image) in images(app) {
        let (tag, said) = tag(app, image);
        let floats = match tag {
            Some(tag) => tag == "latest",
            None => !built.contains(image.name.peek().as_str()),
        };
        if !floats || image.digest.peek().is_some() {
            continue;
        }
        let written = said.place().or(image.origin.place());
        if written.is_some_and(|place| !seen.insert(place)) {
            continue;
        }
        let what = format!("`{name}` runs `{}`, which names no version", shown(image, tag));
        let mut finding = Finding::new(&RULE, what)
            .mark_origin(said, "any content")
            .about(format!("image/{name}"))
            .help("write a tag that never moves, or a digest");
        if is_default(image) && tag.is_none() {
            finding.level = Level::Info;
        }
        findings.report(finding);
    }
}

/// Names of images that somebody builds: whoever does says the tag.
fn built(app: &App) -> BTreeSet<&str> {
    let services = app.services.values().filter(|service| service.build.is_some());
    let jobs = app.jobs.values().filter(|job| job.build.is_some());
    let services = services.map(|service| service.image.name.peek().as_str());
    services.chain(jobs.map(|job| job.image.name.peek().as_str())).collect()
}

fn images(app: &App) -> Vec<(&str, &Image)> {
    let mut all = Vec::new();
    for service in app.services.values() {
        all.push((service.name.peek().as_str(), &service.image));
        let companions = service.init.values().chain(service.sidecars.values());
        all.extend(companions.map(|companion| (companion.name.peek().as_str(), &companion.image)));
    }
    all.extend(app.jobs.values().map(|job| (job.name.peek().as_str(), &job.image)));
    all.extend(app.migrations.values().map(|migration| (migration.name.peek().as_str(), &migration.image)));
    all.extend(app.stores.values().map(|store| (store.name.peek().as_str(), &store.image)));
    all
}

/// The tag of an image and what says so, or says none: `images.tag` is for those without a registry.
fn tag<'a>(app: &'a App, image: &'a Image) -> (Option<&'a str>, &'a Origin) {
    let own = image.tag.fixed();
    let shared = app.images.tag.fixed();
    let first = image.name.peek().split_once('/').map_or("", |(first, _)| first);
    let ours = !first.contains(['.', ':']);
    match (own.peek(), shared.peek()) {
        (Some(tag), _) => (Some(tag.as_str()), own.origin()),
        (None, Some(tag)) if ours => (Some(tag.as_str()), shared.origin()),
        (None, _) => (None, image.name.origin()),
    }
}

fn shown(image: &Image, tag: Option<&str>) -> String {
    let name = image.name.peek();
    tag.map_or_else(|| name.to_string(), |tag| format!("{name}:{tag}"))
}

/// Whether nobody wrote an image.
fn is_default(image: &Image) -> bool {
    matches!(image.name.origin().step(), plimsoll_source::Step::Rule { .. })
}
