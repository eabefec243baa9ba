//! GitHub Actions: a workflow that checks, builds, scans, signs and pushes every image of ours, and
//! opens the change that brings them to the first environment. It holds no key of a cluster.

use std::collections::{BTreeMap, BTreeSet};

use plimsoll_source::{Finding, Findings};
use plimsoll_spec::app::deliver::Ci;
use plimsoll_spec::app::image::{Build, Image};
use plimsoll_world::{Object, Unit};
use serde_json::{Map, Value, json};

use crate::rules::NOTHING_TO_BUILD;
use crate::{Emitted, Environment, FileSet, System, document};

/// The workflow, if `deliver.ci` asks for one.
pub fn files(system: &System<'_>) -> Emitted {
    let app = system.chosen().app;
    let Some(ci) = &app.deliver.ci else {
        return Emitted::default();
    };
    let mut findings = Findings::default();
    let images = images(system.chosen());
    if images.is_empty() {
        let what = "the workflow builds no image: no service says `build`";
        let finding = Finding::new(&NOTHING_TO_BUILD, what);
        let finding = finding.mark_origin(&ci.origin, "called for here");
        findings
            .report(finding.help("write `build: FOLDER` in the services whose images are ours"));
    }
    let mut files = FileSet::default();
    let path = path(ci);
    let comment = "Put it into .github/workflows of the repository that holds plimsoll.yaml.\n\
                   It needs no key of a cluster: what it changes is in Git, and is applied from there.";
    let workflow = workflow(system, ci, &images);
    files.add(path, document::commented(comment, &workflow));
    Emitted { files, findings }
}

/// `build-images` is a name, `.github/workflows/x.yaml` a path.
fn path(ci: &Ci) -> String {
    let file = ci.file.peek();
    let is_written = ci.file.origin().place().is_some();
    let name = file.rsplit('/').next().unwrap_or(file);
    let name = name.trim_end_matches(".yaml").trim_end_matches(".yml");
    if is_written && file.contains('/') {
        file.to_string()
    } else {
        format!("github/workflows/{name}.yaml")
    }
}

/// An image of ours that has a source.
struct Built<'a> {
    image: String,
    build: &'a Build,
}

/// Every image once, by the last part of its name.
fn images<'a>(env: &Environment<'a>) -> BTreeMap<String, Built<'a>> {
    let services = env.app.services.iter();
    let services = services
        .filter_map(|(name, service)| Some((Unit::Service(name.clone()), service.build.as_ref()?)));
    let jobs = env.app.jobs.iter();
    let jobs = jobs.filter_map(|(name, job)| Some((Unit::Job(name.clone()), job.build.as_ref()?)));
    let mut images = BTreeMap::new();
    for (unit, build) in services.chain(jobs) {
        // What is off has no image to build.
        let Some(image) = env
            .world
            .objects
            .iter()
            .find_map(|object| image(object, &unit))
        else {
            continue;
        };
        let name = image.rsplit('/').next().unwrap_or_default().to_owned();
        images.entry(name).or_insert(Built { image, build });
    }
    images
}

/// The image of the main container of a block, without tag and digest.
fn image(object: &Object, unit: &Unit) -> Option<String> {
    if object.unit != *unit {
        return None;
    }
    let pod = ["spec", "template", "spec", "containers", "0", "image"];
    let cron = ["spec", "jobTemplate"];
    let image = object
        .body
        .at(&pod)
        .or_else(|| object.body.at(&cron)?.at(&pod))?;
    let image = image.text()?.split('@').next()?;
    let name = image.rfind('/').map_or(0, |at| at + 1);
    let end = image[name..].find(':').map_or(image.len(), |at| name + at);
    Some(image[..end].to_owned())
}

/// The host of an image.
fn host(image: &str) -> &str {
    match image.split_once('/') {
        Some((host, _)) if host.contains(['.', ':']) => host,
        _ => "docker.io",
    }
}

fn workflow(system: &System<'_>, ci: &Ci, images: &BTreeMap<String, Built<'_>>) -> Value {
    let branches: BTreeSet<&str> = system
        .environments
        .iter()
        .map(|env| env.app.deliver.branch.peek().as_str())
        .collect();
    let mut jobs = Map::new();
    jobs.insert("check".into(), check());
    if !images.is_empty() {
        jobs.insert("build".into(), build(system, ci, images));
        jobs.extend(promote(system, images).map(|job| ("promote".into(), job)));
    }
    json!({
        "name": name(ci),
        "on": {
            "push": { "branches": branches },
            "pull_request": {},
            "workflow_dispatch": {},
        },
        "permissions": { "contents": "read" },
        "concurrency": {
            "group": "${{ github.workflow }}-${{ github.ref }}",
            "cancel-in-progress": "${{ github.event_name == 'pull_request' }}",
        },
        "jobs": jobs,
    })
}

fn name(ci: &Ci) -> String {
    let path = path(ci);
    let file = path.rsplit('/').next().unwrap_or_default();
    file.trim_end_matches(".yaml")
        .trim_end_matches(".yml")
        .to_owned()
}

fn checkout() -> Value {
    json!({ "uses": "actions/checkout@v4", "with": { "persist-credentials": false } })
}

/// This very version, so that what is rendered there is what was rendered here.
fn install() -> Value {
    let source = env!("CARGO_PKG_REPOSITORY");
    let version = env!("CARGO_PKG_VERSION");
    json!({
        "name": "Install plimsoll",
        "run": format!("cargo install --locked --git {source} --tag v{version} plimsoll"),
    })
}

fn check() -> Value {
    json!({
        "runs-on": "ubuntu-24.04",
        "timeout-minutes": 20,
        "steps": [
            checkout(),
            install(),
            { "name": "Check every environment", "run": "plimsoll check" },
        ],
    })
}

/// One job for each image. A change that is not merged yet is built and scanned, never pushed; our own
/// change, once it is merged, brings nothing to build, and would bring the next one.
fn build(system: &System<'_>, ci: &Ci, images: &BTreeMap<String, Built<'_>>) -> Value {
    let rows: Vec<Value> = images
        .iter()
        .map(|(name, built)| {
            let context = built.build.context.peek().as_str();
            let file = built.build.file.peek().as_str();
            let file = match context {
                "." => file.to_owned(),
                _ => format!("{}/{file}", context.trim_end_matches('/')),
            };
            let args = built.build.args.iter();
            let args: Vec<String> = args
                .map(|(key, value)| format!("{key}={}", value.peek()))
                .collect();
            json!({
                "name": name,
                "image": built.image,
                "context": context,
                "file": file,
                "target": built.build.target.as_ref().map_or("", |target| target.peek()),
                "args": args.join("\n"),
                "registry": host(&built.image),
            })
        })
        .collect();
    let mut permissions = json!({ "contents": "read", "packages": "write" });
    if *ci.sign.peek() {
        // The signature is bound to this workflow; there is no key to lose.
        permissions["id-token"] = json!("write");
    }
    let own = title(first(system));
    json!({
        "needs": "check",
        "if": format!("${{{{ !contains(github.event.head_commit.message, '{own}') }}}}"),
        "runs-on": "ubuntu-24.04",
        "timeout-minutes": 60,
        "permissions": permissions,
        "strategy": { "fail-fast": false, "matrix": { "include": rows } },
        "steps": build_steps(ci),
    })
}

const MERGED: &str = "github.event_name != 'pull_request'";

fn build_steps(ci: &Ci) -> Vec<Value> {
    let platforms: Vec<&str> = ci
        .platforms
        .iter()
        .map(|platform| platform.peek().as_str())
        .collect();
    let mut steps = vec![checkout()];
    if platforms.len() > 1 {
        steps.push(json!({ "uses": "docker/setup-qemu-action@v3" }));
    }
    steps.push(json!({ "uses": "docker/setup-buildx-action@v3" }));
    steps.push(json!({
        "uses": "docker/login-action@v3",
        "if": MERGED,
        "with": {
            "registry": "${{ matrix.registry }}",
            "username": "${{ secrets.REGISTRY_USERNAME || github.actor }}",
            "password": "${{ secrets.REGISTRY_PASSWORD || secrets.GITHUB_TOKEN }}",
        },
    }));
    let mut inputs = json!({
        "context": "${{ matrix.context }}",
        "file": "${{ matrix.file }}",
        "target": "${{ matrix.target }}",
        "build-args": "${{ matrix.args }}",
        "tags": "${{ matrix.image }}:${{ github.sha }}",
        "cache-from": "type=gha,scope=${{ matrix.name }}",
        "cache-to": "type=gha,mode=max,scope=${{ matrix.name }}",
    });
    if *ci.scan.peek() {
        // Looked at before it is anywhere else: for one platform, on this machine.
        let mut local = inputs.clone();
        local["load"] = json!(true);
        steps
            .push(json!({ "name": "Build", "uses": "docker/build-push-action@v6", "with": local }));
        steps.push(json!({
            "name": "Scan",
            "uses": "aquasecurity/trivy-action@0.28.0",
            "with": {
                "image-ref": "${{ matrix.image }}:${{ github.sha }}",
                "severity": "CRITICAL,HIGH",
                "ignore-unfixed": true,
                "exit-code": "1",
            },
        }));
    }
    inputs["platforms"] = json!(platforms.join(","));
    inputs["push"] = json!(format!("${{{{ {MERGED} }}}}"));
    inputs["provenance"] = json!("mode=max");
    inputs["sbom"] = json!(true);
    steps.push(json!({
        "name": "Push",
        "id": "push",
        "uses": "docker/build-push-action@v6",
        "with": inputs,
    }));
    if *ci.sign.peek() {
        steps.push(json!({ "uses": "sigstore/cosign-installer@v3", "if": MERGED }));
        steps.push(json!({
            "name": "Sign",
            "if": MERGED,
            "env": { "IMAGE": "${{ matrix.image }}@${{ steps.push.outputs.digest }}" },
            "run": "cosign sign --yes \"$IMAGE\"",
        }));
    }
    steps
}

/// The environment that new images come to first.
fn first<'s, 'a>(system: &'s System<'a>) -> &'s Environment<'a> {
    let name = system.chosen().app.deliver.promote.first();
    let mut environments = system.environments.iter();
    let found =
        environments.find(|env| name.is_some_and(|name| env.name() == name.peek().as_str()));
    found.unwrap_or_else(|| system.chosen())
}

/// What the titles of our changes begin with. A merge, a squash and a rebase all keep it in the message of
/// the commit.
fn title(environment: &Environment<'_>) -> String {
    format!("deliver to {}: ", environment.name())
}

/// What `plimsoll set image` is told: one tag for images that have none of their own, and one for each
/// service whose image has.
fn changes(
    environment: &Environment<'_>,
    images: &BTreeMap<String, Built<'_>>,
) -> BTreeSet<String> {
    const TAG: &str = "\"$TAG\"";
    let mut changes = BTreeSet::new();
    for (name, service) in &environment.app.services {
        let unit = Unit::Service(name.clone());
        let mut objects = environment.world.objects.iter();
        let image = objects.find_map(|object| image(object, &unit));
        let is_built = images
            .values()
            .any(|built| Some(&built.image) == image.as_ref());
        let (tag, digest) = (service.image.tag.peek(), service.image.digest.peek());
        if is_built {
            changes.insert(match (tag, digest) {
                (None, None) => TAG.to_owned(),
                _ => format!("{name}={TAG}"),
            });
        }
    }
    let mut jobs = environment.app.jobs.values();
    let is_untagged = |image: &Image| image.tag.peek().is_none() && image.digest.peek().is_none();
    if jobs.any(|job| job.build.is_some() && is_untagged(&job.image)) {
        changes.insert(TAG.to_owned());
    }
    changes
}

/// The change that brings the images to the first environment of `deliver.promote`: a request to
/// merge into its branch, which a person looks at. From there `plimsoll promote` goes on.
fn promote(system: &System<'_>, images: &BTreeMap<String, Built<'_>>) -> Option<Value> {
    let environment = first(system);
    let changes = changes(environment, images);
    if changes.is_empty() {
        return None;
    }
    let changes = Vec::from_iter(changes).join(" ");
    let (name, branch) = (environment.name(), environment.app.deliver.branch.peek());
    let title = format!("{}${{{{ github.sha }}}}", title(environment));
    let mut checkout = checkout();
    checkout["with"]["ref"] = json!(branch.as_str());
    Some(json!({
        "needs": "build",
        "if": "github.event_name == 'push'",
        "runs-on": "ubuntu-24.04",
        "timeout-minutes": 20,
        "permissions": { "contents": "write", "pull-requests": "write" },
        "steps": [
            checkout,
            install(),
            {
                "name": "Write the new tag, and what is made of it",
                "env": { "TAG": "${{ github.sha }}" },
                "run": format!(
                    "plimsoll set image {changes} -e {name}\nplimsoll check\nplimsoll render --to all -o ."
                ),
            },
            {
                "uses": "peter-evans/create-pull-request@v7",
                "with": {
                    "base": branch.as_str(),
                    "branch": format!("deliver/{name}"),
                    "title": title,
                    "body": format!(
                        "Images of ${{{{ github.sha }}}} for `{name}`. They are built, scanned and signed."
                    ),
                    "commit-message": title,
                },
            },
        ],
    }))
}
