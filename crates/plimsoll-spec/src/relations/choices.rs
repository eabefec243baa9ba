//! Keys that stand instead of each other, or that contradict each other.

use plimsoll_source::{Finding, Findings, Origin, Sourced};

use crate::app::App;
use crate::rules::{relations, shapes};

/// Checks pull secrets, patches and secrets.
pub fn check(app: &App, findings: &mut Findings) {
    if let Some(pull) = &app.images.pull {
        let written = [&pull.name, &pull.secret].into_iter().flatten().count();
        if written != 1 {
            let origin = pull
                .name
                .as_ref()
                .or(pull.secret.as_ref())
                .map(Sourced::origin);
            let what = "`images.pull` is one of `secrets`, or `{ secret }`";
            report(what, origin, findings);
        }
    }
    if *app.format.peek() != 1 {
        let what = format!(
            "version {} of the language is not known here",
            app.format.peek()
        );
        let finding = Finding::new(&shapes::WRONG_VALUE, what);
        let finding = finding.mark_origin(app.format.origin(), "1 is known");
        findings.report(finding.help("use a newer plimsoll, or write `format: 1`"));
    }
    for patch in &app.kubernetes.patches {
        let written = [
            patch.merge.is_some(),
            patch.json.is_some(),
            patch.remove.is_some(),
        ];
        if written.into_iter().filter(|is| *is).count() != 1 {
            let what = "a patch has exactly one of `merge`, `json` and `remove`";
            report(what, Some(patch.object.origin()), findings);
        }
    }
    for secret in app.secrets.values() {
        if let (true, Some(rotate)) = (secret.protect.peek(), &secret.rotate) {
            let what = format!(
                "`{}` is protected, and cannot be rotated",
                secret.name.peek()
            );
            let finding = Finding::new(&relations::CHOICE, what)
                .mark_origin(rotate.origin(), "asks for a new value")
                .mark_origin(secret.protect.origin(), "refuses a new value");
            findings.report(finding);
        }
    }
}

fn report(what: &str, origin: Option<&Origin>, findings: &mut Findings) {
    let finding = Finding::new(&relations::CHOICE, what);
    findings.report(match origin {
        Some(origin) => finding.mark_origin(origin, "exactly one of them"),
        None => finding,
    });
}
