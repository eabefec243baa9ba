//! Keys that stand instead of each other, or that contradict each other.

use plimsoll_source::{Finding, Findings, Origin, Sourced};

use crate::app::App;
use crate::app::platform::{Certificates, Challenge};
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
    certificates(&app.platform.certificates, findings);
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

/// An issuer that exists has an address and a way to prove hosts of its own; ours proves them by pages.
fn certificates(certificates: &Certificates, findings: &mut Findings) {
    let by_record = *certificates.challenge.peek() == Challenge::Dns01;
    match (&certificates.issuer, &certificates.email) {
        (Some(issuer), Some(email)) => findings.report(
            Finding::new(
                &relations::ISSUER,
                "an issuer that exists has an address already",
            )
            .mark_origin(email.origin(), "is read by nobody")
            .mark_origin(issuer.origin(), "exists")
            .help("remove `email`; or remove `issuer`, and one of ours is made at Let's Encrypt"),
        ),
        (None, _) if by_record => findings.report(
            Finding::new(
                &relations::ISSUER,
                "an issuer of ours cannot write DNS records",
            )
            .mark_origin(
                certificates.challenge.origin(),
                "needs rights at the DNS provider",
            )
            .help("make a ClusterIssuer with these rights, and name it: `issuer: NAME`"),
        ),
        _ => {}
    }
}

fn report(what: &str, origin: Option<&Origin>, findings: &mut Findings) {
    let finding = Finding::new(&relations::CHOICE, what);
    findings.report(match origin {
        Some(origin) => finding.mark_origin(origin, "exactly one of them"),
        None => finding,
    });
}
