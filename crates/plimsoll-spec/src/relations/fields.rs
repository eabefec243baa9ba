//! `${TARGET.field}` of which the target says too little: there would be no text to put there.

use plimsoll_source::{Finding, Findings, Origin, Sourced, Str};

use super::texts::programs;
use crate::app::store::{Run, Tls};
use crate::app::{App, External, OrNone, Store, Use};
use crate::rules::relations;
use crate::slots;
use crate::types::{Part, Target, TargetField};

/// Checks every text in which targets stand.
pub fn check(app: &App, findings: &mut Findings) {
    for program in programs(app) {
        for template in &program.texts {
            for part in &template.parts {
                let (Part::Target {
                    target,
                    field,
                    origin,
                }
                | Part::Credential {
                    target,
                    field,
                    origin,
                }) = part
                else {
                    continue;
                };
                let uses = program.uses.values().find(|uses| uses.target == *target);
                let asked = Asked {
                    app,
                    uses,
                    from: program.namespace,
                    target,
                };
                if let Some(lack) = asked.lacks(field) {
                    let name = uses.map(|uses| uses.name.peek().clone());
                    let name = name.unwrap_or_else(|| target.to_string().into());
                    findings.report(lack.finding(&name, field, origin));
                }
            }
        }
    }
}

/// What is missing, where that was said, and the edit.
struct Lack {
    what: String,
    said: Option<Origin>,
    help: String,
}

impl Lack {
    fn new(what: impl Into<String>, said: &Origin, help: impl Into<String>) -> Option<Self> {
        Some(Self {
            what: what.into(),
            said: Some(said.clone()),
            help: help.into(),
        })
    }

    fn finding(&self, target: &str, field: &TargetField, origin: &Origin) -> Finding {
        let what = format!("`${{{target}.{field}}}` has no value: {}", self.what);
        let finding = Finding::new(&relations::UNKNOWN_FIELD, what).mark_origin(origin, "no value");
        let finding = match &self.said {
            Some(said) => finding.mark_origin(said, "this one"),
            None => finding,
        };
        finding.help(self.help.clone())
    }
}

/// A target as one program sees it.
struct Asked<'a> {
    app: &'a App,
    uses: Option<&'a Use>,
    from: &'a Sourced<Str>,
    target: &'a Target,
}

impl Asked<'_> {
    /// Why the field has no value, if it has none.
    fn lacks(&self, field: &TargetField) -> Option<Lack> {
        if *field == TargetField::Pool {
            return self.pool();
        }
        match self.target {
            Target::Service(name) => {
                let service = self.app.services.get(name)?;
                let listens = !service.ports.all.is_empty();
                let asks = matches!(
                    field,
                    TargetField::Host
                        | TargetField::Port
                        | TargetField::Address
                        | TargetField::Url
                        | TargetField::Pods
                );
                if listens || !asks {
                    return None;
                }
                let what = format!("`{name}` has no ports, so no Service");
                let help = format!("add `ports: 8080` to `services.{name}`");
                Lack::new(what, &service.origin, help)
            }
            Target::Store { store, database } => {
                let store = self.app.stores.get(store)?;
                self.of_store(store, database.as_ref(), field)
            }
            Target::External(name) => of_external(self.app.externals.get(name)?, field),
            Target::Slot(slot) => self.of_slot(slot, field),
        }
    }

    fn pool(&self) -> Option<Lack> {
        let uses = self.uses?;
        if uses.pool.is_some() {
            return None;
        }
        let what = "the edge does not say how many connections";
        let help = format!(
            "write `{{ {}: {{ pool: 10 }} }}` in `uses`",
            uses.name.peek()
        );
        Lack::new(what, uses.name.origin(), help)
    }

    fn of_slot(&self, slot: &str, field: &TargetField) -> Option<Lack> {
        let ports = slots::ports(&self.app.platform, slot);
        let named = |name: &Str| ports.iter().any(|port| port.name == name.as_str());
        let known = match field {
            TargetField::PortNamed(name) => named(name),
            _ => !ports.is_empty(),
        };
        if known {
            return None;
        }
        let (what, help) = if ports.is_empty() {
            let what = format!("nobody answers at `platform.{slot}`");
            (what, "leave it out: it is not talked to".to_owned())
        } else {
            let names: Vec<&str> = ports.iter().map(|port| port.name).collect();
            let what = format!("`platform.{slot}` has no such port");
            (what, format!("it has {}", names.join(", ")))
        };
        Some(Lack {
            what,
            said: None,
            help,
        })
    }

    fn of_store(&self, store: &Store, database: Option<&Str>, field: &TargetField) -> Option<Lack> {
        let name = store.name.peek();
        let external = *store.run.peek() == Run::External;
        match field {
            TargetField::Url | TargetField::ReaderUrl if external => {
                let help =
                    format!("add `secret: NAME` to `stores.{name}`, the secret with the URL");
                let what = format!("`{name}` is run elsewhere, and no `secret` holds its URL");
                match store.secret {
                    Some(_) => None,
                    None => Lack::new(what, store.run.origin(), help),
                }
            }
            TargetField::Host
            | TargetField::ReaderHost
            | TargetField::Address
            | TargetField::Endpoint
                if external && store.host.is_none() =>
            {
                let what = format!("`{name}` is run elsewhere, and says no `host`");
                let help = format!("add `host: …` to `stores.{name}`");
                Lack::new(what, store.run.origin(), help)
            }
            TargetField::Pods if external => {
                let what = format!("the pods of `{name}` are not ours");
                let help = format!("write `${{{}.host}}`", self.target);
                Lack::new(what, store.run.origin(), help)
            }
            TargetField::Pods if *store.run.peek() == Run::Operator => {
                let what = format!("the operator names no single pods of `{name}`");
                let help = format!("write `${{{}.host}}`", self.target);
                Lack::new(what, store.run.origin(), help)
            }
            TargetField::User | TargetField::Password => {
                let OrNone::None(none) = &store.users else {
                    return None;
                };
                let help = format!("add `users: [NAME]` to `stores.{name}`, or leave it out");
                Lack::new(format!("`{name}` has no login"), none, help)
            }
            TargetField::Database | TargetField::Bucket if database.is_none() => {
                let what = format!("{} has no databases", store.engine.peek());
                let help = "leave it out: there is but one".to_owned();
                Lack::new(what, store.engine.origin(), help)
            }
            TargetField::Ca => self.authority(store),
            _ => None,
        }
    }

    /// The file with the authority is mounted where the store serves TLS and is in one's own namespace.
    fn authority(&self, store: &Store) -> Option<Lack> {
        let name = store.name.peek();
        let certificates = &self.app.platform.certificates.use_;
        if !store.serves_tls(*certificates.peek()) {
            let offered = *store.tls.peek() != Tls::Off;
            let ours = *store.run.peek() != Run::External;
            let (why, help) = match (ours, offered && store.engine.peek().speaks_tls()) {
                (false, _) => (store.run.origin(), "give it the file in `config`"),
                (true, true) => (
                    certificates.origin(),
                    "write `platform: { certificates: cert-manager }`, or leave it out here",
                ),
                (true, false) => (store.tls.origin(), "leave it out where there is no TLS"),
            };
            return Lack::new(format!("`{name}` serves no TLS of ours"), why, help);
        }
        if store.namespace.peek() == self.from.peek() {
            return None;
        }
        let what = format!(
            "the CA of `{name}` is in the namespace {}",
            store.namespace.peek()
        );
        let help = "give it the file in `config`, or put both into one namespace";
        Lack::new(what, store.namespace.origin(), help)
    }
}

fn of_external(external: &External, field: &TargetField) -> Option<Lack> {
    let name = external.name.peek();
    let (key, is_there, help) = match field {
        TargetField::Port | TargetField::Address if external.ports.all.is_empty() => (
            "ports",
            false,
            format!("leave out `ports: none` of `externals.{name}`: it is 443 then"),
        ),
        TargetField::Host | TargetField::Address => (
            "host",
            external.host.is_some(),
            format!("add `host: …` to `externals.{name}`"),
        ),
        TargetField::Url => (
            "bucket",
            external.bucket.is_some(),
            match &external.host {
                Some(_) => format!("write `https://${{{name}.host}}`"),
                None => format!("add `bucket: s3://…` to `externals.{name}`"),
            },
        ),
        TargetField::Bucket => (
            "bucket",
            external.bucket.is_some(),
            format!("add `bucket: s3://…` to `externals.{name}`"),
        ),
        TargetField::Region => (
            "region",
            external.region.is_some(),
            format!("add `region: …` to `externals.{name}`"),
        ),
        TargetField::Endpoint => (
            "endpoint",
            external.endpoint.is_some(),
            format!("add `endpoint: https://…` to `externals.{name}`"),
        ),
        _ => return None,
    };
    if is_there {
        return None;
    }
    let what = format!("the external `{name}` says no `{key}`");
    Lack::new(what, &external.origin, help)
}
