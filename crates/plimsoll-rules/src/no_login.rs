//! A store that everybody may use who reaches it.

use crate::Subject;
use plimsoll_source::{Finding, Findings, Level, Origin, Rule, Step};
use plimsoll_spec::app::OrNone;
use plimsoll_spec::app::store::Run;

/// The bad pattern.
pub static RULE: Rule = Rule {
    code: "PL0511",
    name: "no-login",
    level: Level::Error,
    consequence: "whoever reaches the store reads and changes its data; only network policies stand before it",
    docs: "`users: none` makes a store without logins, of an engine that has them. Leave it out, and every database has \
           an owner with a password of its own; or waive it, with a reason and a last day.",
};

/// Reports each store whose logins somebody took away.
pub fn check(subject: &Subject, findings: &mut Findings) {
    for store in subject.app.stores.values() {
        let OrNone::None(none) = &store.users else { continue };
        let has_logins = store.engine.peek().facts().is_some_and(|facts| facts.login.is_some());
        let external = *store.run.peek() == Run::External;
        if !has_logins || external || is_derived(none) || !store.enabled.peek() {
            continue;
        }
        let name = store.name.peek();
        findings.report(
            Finding::new(&RULE, format!("`{name}` asks nobody for a login"))
                .mark_origin(none, "no logins")
                .about(format!("StatefulSet/{name}"))
                .help("leave `users` out, or waive `no-login` with a reason"),
        );
    }
}

fn is_derived(origin: &Origin) -> bool {
    match origin.step() {
        Step::Rule { .. } => true,
        Step::Guarded { value, .. } => is_derived(value),
        Step::Written(_) | Step::Layered { .. } => false,
    }
}
