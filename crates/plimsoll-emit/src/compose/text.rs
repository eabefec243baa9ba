//! Texts of containers as Compose reads them: `$(NAME)` resolved, secrets as variables of the
//! `.env` file, every other `$` doubled.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use plimsoll_source::Str;
use plimsoll_spec::App;
use plimsoll_spec::app::pod::SecretUse;
use plimsoll_world::Unit;

/// The variables that the file wants from `.env`.
pub(super) struct Variables {
    /// Block and key of its Secret → the secret that stands behind it, where it has another name.
    renamed: BTreeMap<(Unit, Str), Str>,
    wanted: BTreeSet<String>,
}

impl Variables {
    pub(super) fn of(app: &App) -> Self {
        let mut renamed = BTreeMap::new();
        let mut add = |unit: Unit, secret: &SecretUse| {
            if let Some(from) = &secret.from {
                renamed.insert((unit, secret.name.peek().clone()), from.peek().clone());
            }
        };
        for (name, service) in &app.services {
            let secrets = service.secrets.values();
            secrets.for_each(|secret| add(Unit::Service(name.clone()), secret));
        }
        for (name, job) in &app.jobs {
            let secrets = job.secrets.values();
            secrets.for_each(|secret| add(Unit::Job(name.clone()), secret));
        }
        for (name, migration) in &app.migrations {
            let secrets = migration.secrets.values();
            secrets.for_each(|secret| add(Unit::Migration(name.clone()), secret));
        }
        Self {
            renamed,
            wanted: BTreeSet::new(),
        }
    }

    /// The name of the variable behind a key of a Secret.
    pub(super) fn name(&mut self, unit: &Unit, key: &str) -> String {
        let known = self.renamed.get(&(unit.clone(), Str::from(key)));
        let name = variable(known.map_or(key, Str::as_str));
        self.wanted.insert(name.clone());
        name
    }

    /// What reads the variable, and says what to do where it is not set.
    pub(super) fn reference(&mut self, unit: &Unit, key: &str) -> String {
        format!("${{{}:?write it into .env}}", self.name(unit, key))
    }

    /// The example of an `.env` file.
    pub(super) fn example(&self) -> Vec<u8> {
        let mut text = String::from(
            "# Copy to .env and give each a value, such as one that `openssl rand -hex 24` prints.\n",
        );
        for name in &self.wanted {
            let _ = writeln!(text, "{name}=");
        }
        text.into_bytes()
    }
}

/// Letters, digits and `_`.
fn variable(name: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    name.chars().map(plain).collect()
}

/// A literal text.
pub(super) fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

/// A text in which `$(NAME)` stands for what is known already.
pub(super) fn resolved(text: &str, known: &BTreeMap<String, String>) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let name = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
        if rest.starts_with("$(") {
            // `$$(` is a literal `$(`.
            out.push_str("$$(");
            rest = &rest[2..];
        } else if let Some((value, after)) =
            name.and_then(|(name, after)| Some((known.get(name)?, after)))
        {
            out.push_str(value);
            rest = after;
        } else {
            out.push_str("$$");
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_and_dollars_doubled() {
        let known = BTreeMap::from([("PW".to_owned(), "${PW:?set it}".to_owned())]);
        let text = "redis://:$(PW)@h $HOME $$(PW) $(OTHER)";
        let expected = "redis://:${PW:?set it}@h $$HOME $$(PW) $$(OTHER)";
        assert_eq!(resolved(text, &known), expected);
    }
}
