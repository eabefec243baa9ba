//! A certificate that nothing can be sealed with, or another one than values were sealed with.

use crate::Subject;
use plimsoll_secrets::Certificate;
use plimsoll_source::{Finding, Findings, Level, Rule, Sourced, Str};
use plimsoll_spec::app::platform::SecretSourceUse;
use plimsoll_spec::types::Date;

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0507",
    name: "sealing-certificate",
    level: Level::Warning,
    consequence: "the controller of that cluster cannot open what is sealed with it, or may not much longer",
    docs: "`platform.secrets.certificate` is the certificate of the Sealed Secrets controller of the environment's own \
           cluster: an RSA key, not expired. Every controller has its own, and makes a new one from time to time; it \
           opens what was sealed with its old ones. `kubeseal --fetch-cert` brings the newest. Values that were sealed \
           with another certificate open only if it was one of that same controller.",
};

/// Reports what is wrong with the certificate, and whose values do not fit it.
pub fn check(subject: &Subject, findings: &mut Findings) {
    let source = &subject.app.platform.secrets;
    let Some(path) = source.certificate.as_ref().filter(|_| *source.use_.peek() == SecretSourceUse::Sealed) else {
        return;
    };
    let read = match &source.sealed.certificate {
        None => Err(format!("there is no `{}`", path.peek())),
        Some(text) => Certificate::read(text)
            .map_err(|error| format!("nothing can be sealed with `{}`: {error}", path.peek())),
    };
    let certificate = match read {
        Ok(certificate) => certificate,
        Err(message) => {
            let mut finding = found(path, message, "no certificate of a controller");
            finding.level = Level::Error;
            findings.report(finding);
            return;
        }
    };
    let ends = day(certificate.ends);
    if ends < subject.today {
        let message = format!("`{}` held until {ends}", path.peek());
        findings.report(found(path, message, "has expired"));
    }
    for ((namespace, name), values) in &source.sealed.secrets {
        let other = |with: &&Str| **with != *certificate.fingerprint;
        if values.with.iter().any(|with| other(&with)) {
            let message = format!("values of {namespace}/{name} were not sealed with `{}`", path.peek());
            let finding = found(path, message, "now").mark_origin(values.document.origin(), "sealed before");
            findings.report(finding.about(format!("SealedSecret/{name}")));
        }
    }
}

fn found(path: &Sourced<Str>, message: String, label: &str) -> Finding {
    let finding = Finding::new(&RULE, message).mark_origin(path.origin(), label);
    finding.help("`kubeseal --fetch-cert` brings the certificate of a cluster")
}

/// The day of a second since 1970.
pub fn day(second: i64) -> Date {
    Date::of_days(u32::try_from(second.div_euclid(86_400)).unwrap_or(0))
}
