//! Defaults of what the pods of services, jobs, migrations and stores share.

use plimsoll_source::{Entry, Finding, Findings, Node, Origin, Span, Str};
use std::collections::BTreeMap;

use super::Filler;
use super::health;
use crate::load::Texts;
use crate::read::entries;
use crate::rules::relations;
use crate::tree;

/// Blocks whose things have pods.
pub const BLOCKS: [&str; 4] = ["services", "jobs", "migrations", "stores"];

/// Blocks whose pods have containers besides the program's.
pub const WITH_COMPANIONS: [&str; 2] = ["services", "stores"];

/// User of a process whose image says nothing.
const USER: &str = "10001";

/// Fills what every pod has.
pub fn common(filler: &mut Filler, root: &Node) {
    if let Some(namespace) = root.at(&["namespace", "name"]) {
        let (text, origin) = (namespace.text().cloned(), namespace.origin().clone());
        filler.text_from(&["namespace"], text.unwrap_or_default(), &origin);
    }
    filler.text(&["security", "user"], USER);
    if let Some(user) = filler.node.at(&["security", "user"]).cloned() {
        filler.text_from(
            &["security", "group"],
            user.text().cloned().unwrap_or_default(),
            user.origin(),
        );
    }
    spot(filler, root);
}

/// Fills whether nodes may be taken away under a pod.
pub fn spot(filler: &mut Filler, root: &Node) {
    match root.at(&["cluster", "nodes", "spot"]).cloned() {
        Some(spot) => filler.value(&["placement", "spot"], spot),
        None => filler.text(&["placement", "spot"], "false"),
    };
}

/// Fills the name of the Secret object.
pub fn secret_name(filler: &mut Filler, entry: &Entry) {
    let name = format!("{}-secrets", entry.key);
    filler.text_from(&["secretName"], name, &entry.at);
}

/// Fills a job.
pub fn job(root: &Node, entry: &Entry) -> Node {
    let mut filler = Filler::new("job", &entry.value);
    common(&mut filler, root);
    secret_name(&mut filler, entry);
    filler.node
}

/// Fills a migration; its store counts as used.
pub fn migration(root: &Node, entry: &Entry) -> Node {
    let mut filler = Filler::new("migration", &entry.value);
    common(&mut filler, root);
    filler.text_from(&["store"], entry.key.clone(), &entry.at);
    if let Some(store) = filler.node.get("store").cloned()
        && let Some(name) = store.text()
    {
        let used = Node::map(store.origin().clone(), []);
        filler.value(&["uses", name], used);
    }
    filler.node
}

/// Fills the containers besides the program's: they have its image unless another is written.
pub fn companions(root: &mut Node, block: &str, aliases: &mut BTreeMap<Str, Str>) {
    let Some(things) = root.get(block) else {
        return;
    };
    let made = tree::each(things, |thing| {
        let mut node = thing.value.clone();
        for place in ["init", "sidecars"] {
            let Some(companions) = node.get(place) else {
                continue;
            };
            let filled = tree::each(companions, |companion| {
                if !matches!(companion.value, Node::Map(..)) {
                    return Some(companion.value.clone());
                }
                if companion.value.get("image").is_none() {
                    let path = format!("{block}.{}.{place}.{}.image", thing.key, companion.key);
                    let there = format!("{block}.{}.image", thing.key);
                    aliases.insert(path.into(), there.into());
                }
                Some(companion_of(&thing.value, companion, place))
            });
            node = tree::with(&node, &[place], filled);
        }
        Some(node)
    });
    *root = tree::with(root, &[block], made);
}

fn companion_of(thing: &Node, companion: &Entry, place: &str) -> Node {
    let mut filler = Filler::new("companion", &companion.value);
    if let Some(image) = thing.get("image") {
        filler.value(&["image"], image.clone());
    }
    let is_named = filler.has(&["image", "name"]);
    if !is_named {
        filler.text_from(&["image", "name"], companion.key.clone(), &companion.at);
    }
    ports(&mut filler);
    let has_port = place == "sidecars" && has_ports(&filler.node);
    health::fill(&mut filler, None, has_port);
    filler.node
}

/// Whether a block listens.
pub fn has_ports(node: &Node) -> bool {
    node.get("ports")
        .is_some_and(|ports| entries(ports).next().is_some())
}

/// Fills what each port is and speaks.
pub fn ports(filler: &mut Filler) {
    let Some(ports) = filler.node.get("ports").cloned() else {
        return;
    };
    if !matches!(ports, Node::Map(..)) {
        return;
    }
    let main = entries(&ports).next().map(|entry| entry.key.clone());
    let made = tree::each(&ports, |entry| {
        if !matches!(entry.value, Node::Map(..)) {
            return Some(entry.value.clone());
        }
        let mut port = Filler::new("port", &entry.value);
        if let Some(number) = entry.value.get("port") {
            let text = number.text().cloned().unwrap_or_default();
            port.text_from(&["at"], text, number.origin());
        }
        let name = entry.key.as_str();
        let speaks = match name {
            "http" | "grpc" | "tcp" => name,
            _ if main.as_ref() == Some(&entry.key) => "http",
            _ => "tcp",
        };
        port.text_because(&["speaks"], speaks, &entry.at);
        Some(port.node)
    });
    filler.node = tree::with(&filler.node, &["ports"], made);
}

/// Puts the content of each `file` where its text is.
pub fn config(root: &mut Node, block: &str, texts: &mut Texts<'_>, findings: &mut Findings) {
    let Some(things) = root.get(block) else {
        return;
    };
    let made = tree::each(things, |thing| {
        let Some(files) = thing.value.get("config").cloned() else {
            return Some(thing.value.clone());
        };
        let filled = tree::each(&files, |file| content(file, texts, findings));
        Some(tree::with(&thing.value, &["config"], filled))
    });
    *root = tree::with(root, &[block], made);
}

/// A file with its content. Nothing where there is none, which is a finding.
fn content(entry: &Entry, texts: &mut Texts<'_>, findings: &mut Findings) -> Option<Node> {
    let node = &entry.value;
    let (file, text) = (node.get("file"), node.get("text"));
    let (file, path) = match (file, text) {
        (Some(file), None) => (file, file.text()?),
        (None, Some(_)) => return Some(node.clone()),
        _ => {
            let what = format!("`{}` has neither one `text` nor one `file`", entry.key);
            let finding = Finding::new(&relations::CHOICE, what);
            findings.report(finding.mark_origin(&entry.at, "exactly one of the two"));
            return None;
        }
    };
    let Some(id) = texts.file(path) else {
        let finding = Finding::new(&relations::MISSING_FILE, format!("there is no `{path}`"));
        findings.report(finding.mark_origin(file.origin(), "not there"));
        return None;
    };
    let content = texts.sources().file(id).text.clone();
    let span = Span {
        file: id,
        start: 0,
        end: u32::try_from(content.len()).unwrap_or(u32::MAX),
    };
    let is_template = node
        .get("template")
        .and_then(Node::text)
        .is_some_and(|t| t == "true");
    let content = if is_template {
        content
    } else {
        Str::from(content.replace("${", "$${"))
    };
    let mut origin = Origin::written(span).because(file.origin());
    if let Some(template) = node.get("template") {
        origin = origin.because(template.origin());
    }
    Some(tree::with(node, &["text"], Node::Text(origin, content)))
}
