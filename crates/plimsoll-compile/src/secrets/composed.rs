//! Files of a program that hold secrets: keys of a Secret of their own, composed where the values come from.

use crate::address::{Piece, SecretValue};
use crate::cx::Cx;
use crate::program::Program;
use crate::secrets::plan::{Plan, PlannedSecret, planned};
use crate::text;
use crate::workload::config::key;
use indexmap::IndexMap;
use plimsoll_source::{Finding, Level, Origin, Rule, Sourced, Str};
use plimsoll_spec::app::ConfigFile;
use plimsoll_spec::app::platform::SecretSourceUse;
use plimsoll_spec::types::Part;
use plimsoll_world::{Expr, MapBuilder, Op, Scope};

/// A secret in a file, where nobody puts it there.
pub static NOT_COMPOSED: Rule = Rule {
    code: "PL0436",
    name: "secret-in-a-file",
    level: Level::Error,
    consequence: "the file would lack it",
    docs: "A file of `config` in which a secret stands becomes a key of a Secret, and whoever brings the values \
           writes the file: `plimsoll up` and `plimsoll secrets seal`, or the template of an ExternalSecret. With \
           `platform.secrets` `existing`, `static` or `csi` nobody composes it: give the program the secret as a \
           variable or a file of its own (`secrets`), or let another source bring it.",
};

/// The files of a program in which a secret stands.
pub fn files<'a>(program: &Program<'a>) -> impl Iterator<Item = (&'a Str, &'a ConfigFile)> {
    program.config.iter().filter(|(_, file)| holds_secret(file))
}

/// Whether a secret stands in a file.
pub fn holds_secret(file: &ConfigFile) -> bool {
    let is_secret = |part: &Part| matches!(part, Part::Credential { .. } | Part::Secret { .. });
    file.text.parts.iter().any(is_secret)
}

/// Name of the Secret; `None` where no file holds one.
pub fn name(program: &Program) -> Option<Sourced<Str>> {
    let origins: Vec<Origin> = files(program)
        .map(|(_, file)| file.text.written.origin().clone())
        .collect();
    let name = program.name.map(|name| Str::from(format!("{name}-config")));
    (!origins.is_empty()).then(|| name.because(&Origin::all(origins)))
}

/// What changes where a text around the secrets does: no pod reads its files anew by itself.
pub fn hash(cx: &Cx, program: &Program) -> Option<Expr> {
    let s = &Scope::new("secrets/composed").because(name(program)?.origin());
    let mut texts = MapBuilder::new(s);
    for (path, file) in files(program) {
        if let Some(text) = text::resolve(cx, program, &file.text) {
            texts.put(s, key(program, path), text.expr);
        }
    }
    Some(Expr::call(Op::Hash, [Expr::tree(texts.build())]))
}

/// Plans the Secret with the files, and with the values that stand in them.
pub fn add(cx: &Cx, program: &Program, plan: &mut Plan) {
    let Some(name) = name(program) else { return };
    let mut keys = IndexMap::new();
    for (path, file) in files(program) {
        let Some(pieces) = text::pieces(cx, program, &file.text) else {
            continue;
        };
        for piece in &pieces {
            if let Piece::Secret(secret) = piece {
                let value = keys.entry(secret.key.clone());
                value.or_insert_with(|| planned(cx, secret.clone()));
            }
        }
        let whole = SecretValue {
            key: key(program, path),
            value: key(program, path),
            part: None,
            origin: file.origin.clone(),
        };
        let mut whole = planned(cx, whole);
        whole.composed = pieces;
        keys.insert(whole.key.clone(), whole);
        refuse(cx, path, file);
    }
    let id = (program.namespace.peek().clone(), name.peek().clone());
    let asked = name.origin().clone();
    plan.entry(id).or_insert(PlannedSecret {
        unit: program.unit.clone(),
        namespace: program.namespace.clone(),
        name,
        knob: None,
        kind: "Opaque",
        when: program.on(),
        keys,
        origin: program.origin.clone(),
        asked,
    });
}

/// Reports a file that the source of secrets does not compose.
fn refuse(cx: &Cx, path: &str, file: &ConfigFile) {
    let source = &cx.app.platform.secrets.use_;
    let word = match source.peek() {
        SecretSourceUse::Generated | SecretSourceUse::External | SecretSourceUse::Sealed => return,
        SecretSourceUse::Existing => "existing",
        SecretSourceUse::Csi => "csi",
        SecretSourceUse::Static => "static",
    };
    let message = format!(
        "a secret stands in `{path}`, and with secrets that are `{word}` nobody writes it there"
    );
    let finding = Finding::new(&NOT_COMPOSED, message)
        .mark_origin(&file.origin, "this file")
        .mark_origin(source.origin(), "where secrets come from")
        .help("give it as a variable or a file of its own, under `secrets` of the program");
    cx.report(finding);
}
