//! Defaults of stores: the facts of their engine.

use plimsoll_source::{Entry, Node, Origin, Str};

use super::pod;
use super::{Filler, health};
use crate::app::store::Engine;
use crate::engines::{Facts, Version};
use crate::read::{Word, entries, spelled};
use crate::shape::short;
use crate::tree;
use crate::types::Leaf;

/// Fills a store from the row of its engine.
pub fn complete(root: &Node, entry: &Entry) -> Node {
    let mut filler = Filler::new("store", &entry.value);
    let engine = filler.node.get("engine").cloned();
    let facts = engine
        .as_ref()
        .and_then(|node| Engine::parse(node.text()?).ok()?.facts());
    let because = engine.map(|node| node.origin().clone());
    let because = because.unwrap_or_else(|| filler.origin(&["engine"]));
    let mut row = Row {
        filler: &mut filler,
        because,
    };
    match facts {
        Some(facts) => row.facts(facts),
        None => row.custom(entry),
    }
    row.mode();
    row.keep(facts);
    pod::common(&mut filler, root);
    pod::ports(&mut filler);
    let check = facts.map(|facts| facts.health);
    let listens = pod::has_ports(&filler.node);
    health::fill(&mut filler, check, listens);
    let grace = facts.map_or("60s".to_owned(), |facts| format!("{}s", facts.grace_secs));
    filler.text(&["stop", "drain"], "0s");
    filler.text(&["stop", "grace"], grace);
    owners(&mut filler);
    filler.node
}

struct Row<'a> {
    filler: &'a mut Filler,
    because: Origin,
}

impl Row<'_> {
    fn text(&mut self, path: &[&str], text: impl Into<Str>) {
        self.filler.text_because(path, text, &self.because);
    }

    fn list(&self, path: &[&str], items: &[&str]) -> Node {
        let origin = self.filler.origin(path).because(&self.because);
        let items = items.iter().map(|item| tree::text(&origin, *item));
        Node::seq(origin.clone(), items.collect::<Vec<_>>())
    }

    fn facts(&mut self, facts: &'static Facts) {
        let wanted = self.filler.node.get("version").cloned();
        let text = wanted.as_ref().and_then(Node::text).cloned();
        let newest = facts.versions.first();
        let version = facts.version(text.as_deref()).or(newest);
        if let Some(newest) = newest {
            self.text(&["version"], newest.version);
        }
        self.image(facts, version, wanted.as_ref());
        let data = version.map_or("/data", |version| version.data);
        let chosen = wanted
            .as_ref()
            .map(|wanted| self.because.because(wanted.origin()));
        let chosen = chosen.unwrap_or_else(|| self.because.clone());
        self.filler.text_because(&["data"], data, &chosen);
        self.ports(facts);
        let writable = self.list(&["writable"], facts.writable);
        self.filler.value(&["writable"], writable);
        self.text(&["security", "user"], facts.user.to_string());
        self.text(&["security", "group"], facts.group.to_string());
        self.text(&["as"], facts.url_env.unwrap_or("none"));
        self.text(&["tls"], if facts.tls { "true" } else { "false" });
        self.exporter(facts);
        self.dump(facts);
        if facts.databases && !self.filler.has(&["databases"]) {
            let origin = self.filler.origin(&["databases"]).because(&self.because);
            let app = short::map_of(&origin, [("app", short::empty(&origin))]);
            self.filler.value(&["databases"], app);
        }
        self.users(facts);
    }

    fn image(&mut self, facts: &Facts, version: Option<&Version>, wanted: Option<&Node>) {
        if self.filler.has(&["image", "name"]) {
            return;
        }
        self.text(&["image", "name"], facts.image);
        // Beside a digest the tag stays for readers: it is the digest that counts.
        if self.filler.has(&["image", "tag"]) {
            return;
        }
        let tag = match (version, wanted) {
            (Some(version), Some(wanted)) => {
                let text = wanted.text().cloned().unwrap_or_default();
                // A version that is finer than the row is a tag of its own.
                if facts.engine == Engine::TimescaleDb || text == version.version {
                    Str::from(version.tag)
                } else {
                    text
                }
            }
            (Some(version), None) => version.tag.into(),
            (None, _) => return,
        };
        match wanted {
            Some(wanted) => {
                let rule = Origin::rule("default: store.image.tag", [wanted.origin().clone()]);
                let tag = tree::text(&rule.because(&self.because), tag);
                self.filler.value(&["image", "tag"], tag);
            }
            None => self.text(&["image", "tag"], tag),
        }
    }

    fn ports(&mut self, facts: &Facts) {
        if self.filler.has(&["ports"]) {
            return;
        }
        let origin = self.filler.origin(&["ports"]).because(&self.because);
        let mut ports = short::empty(&origin);
        for (name, number, speaks) in facts.ports {
            let port = [
                ("port", tree::text(&origin, number.to_string())),
                ("speaks", tree::text(&origin, *speaks)),
            ];
            ports = tree::with(&ports, &[name], short::map_of(&origin, port));
        }
        self.filler.value(&["ports"], ports);
    }

    fn exporter(&mut self, facts: &Facts) {
        let Some((image, _)) = facts.exporter else {
            let own = self
                .filler
                .node
                .at(&["exporter", "image", "name"])
                .is_some();
            if !own {
                self.text(&["exporter"], "none");
            }
            return;
        };
        let origin = self.filler.origin(&["exporter"]).because(&self.because);
        let image = spelled(&crate::app::Image::shape(), image, &origin);
        let known = self.filler.node.get("exporter");
        if known.is_none_or(|known| matches!(known, Node::Map(..))) {
            let has = self.filler.has(&["exporter", "image", "name"]);
            if !has {
                self.filler.value(&["exporter", "image"], image);
            }
        }
    }

    fn dump(&mut self, facts: &Facts) {
        let Some(dump) = facts.dump else {
            return;
        };
        if self.filler.has(&["dump"]) {
            return;
        }
        for (key, command) in [("save", dump.save), ("load", dump.load)] {
            let command = self.list(&["dump", key], &["/bin/sh", "-c", command]);
            self.filler.value(&["dump", key], command);
        }
    }

    /// The engine's own login, where databases have no owners.
    fn users(&mut self, facts: &Facts) {
        if facts.databases || self.filler.has(&["users"]) {
            return;
        }
        let origin = self.filler.origin(&["users"]).because(&self.because);
        let users = match facts.login {
            None => tree::text(&origin, "none"),
            Some(login) => {
                let name = login.user.unwrap_or("default");
                tree::with(&short::empty(&origin), &[name], short::empty(&origin))
            }
        };
        self.filler.value(&["users"], users);
    }

    /// An engine without a row: what is written is all that is known.
    fn custom(&mut self, entry: &Entry) {
        self.text(&["version"], "unknown");
        self.filler
            .text_from(&["image", "name"], entry.key.clone(), &entry.at);
        self.text(&["data"], "/data");
        let tmp = self.list(&["writable"], &["/tmp"]);
        self.filler.value(&["writable"], tmp);
        self.text(&["as"], "none");
        self.text(&["tls"], "false");
        self.text(&["exporter"], "none");
        self.text(&["users"], "none");
    }

    /// One instance is alone; several are replicated.
    fn mode(&mut self) {
        let instances = self.filler.node.get("instances").cloned();
        let many = instances
            .as_ref()
            .and_then(Node::text)
            .is_some_and(|text| text != "1");
        let mode = if many { "replicated" } else { "single" };
        match instances {
            Some(instances) => self
                .filler
                .text_because(&["mode"], mode, instances.origin()),
            None => self.filler.text(&["mode"], mode),
        };
    }

    /// Data is kept on a disk, unless the engine keeps nothing.
    fn keep(&mut self, facts: Option<&Facts>) {
        if facts.is_some_and(|facts| facts.engine == Engine::Memcached) {
            self.text(&["storage"], "none");
        }
        if !self.filler.has(&["storage"]) {
            let origin = self.filler.origin(&["storage"]).because(&self.because);
            self.filler.value(&["storage"], short::empty(&origin));
        }
    }
}

/// Each database has an owner of its own name, and each owner a login.
fn owners(filler: &mut Filler) {
    let Some(databases) = filler.node.get("databases").cloned() else {
        return;
    };
    let named = tree::each(&databases, |entry| {
        if !matches!(entry.value, Node::Map(..)) {
            return Some(entry.value.clone());
        }
        let mut database = Filler::new("database", &entry.value);
        database.text_from(&["owner"], entry.key.clone(), &entry.at);
        Some(database.node)
    });
    filler.node = tree::with(&filler.node, &["databases"], named.clone());
    if filler.has(&["users"]) {
        return;
    }
    let mut users = short::empty(&filler.origin(&["users"]));
    for entry in entries(&named) {
        if let Some(owner) = entry.value.get("owner")
            && let Some(name) = owner.text()
        {
            let origin = Origin::rule("default: store.users", [owner.origin().clone()]);
            users = tree::with_default(&users, &[name], || short::empty(&origin));
        }
    }
    filler.value(&["users"], users);
}
