//! A secret that a person brings, inside of a URL.

use plimsoll_source::{Finding, Findings, Origin};

use super::texts::programs;
use crate::app::App;
use crate::app::secret::SecretKind;
use crate::rules::relations;
use crate::types::{Part, Template};

/// Reports each `given` secret between `://` and `@`: nobody knows which characters it has.
pub fn check(app: &App, findings: &mut Findings) {
    for program in programs(app) {
        for template in &program.texts {
            for (name, origin) in in_urls(template) {
                let given = app.secrets.get(name);
                let given = given.filter(|secret| *secret.kind.peek() == SecretKind::Given);
                let Some(secret) = given else { continue };
                let what = format!("`{name}` stands in a URL, and may hold what a URL cannot");
                let finding = Finding::new(&relations::SECRET_IN_URL, what)
                    .mark_origin(origin, "between `://` and `@`")
                    .mark_origin(&secret.origin, "a person brings it")
                    .help(format!(
                        "let it be made of letters and digits, `{name}: {{ kind: password }}`, or give the program its parts"
                    ));
                findings.report(finding);
            }
        }
    }
}

/// The secrets of a text that stand where a URL has its login.
fn in_urls(template: &Template) -> Vec<(&str, &Origin)> {
    let (mut found, mut open, mut is_login) = (Vec::new(), Vec::new(), false);
    for part in &template.parts {
        match part {
            Part::Text(text) => {
                let mut rest = text.peek().as_str();
                // A login ends where the host begins; the URL's host may end without any.
                while is_login || rest.contains("://") {
                    if !is_login {
                        rest = rest.split_once("://").map_or("", |(_, after)| after);
                        is_login = true;
                    }
                    let Some(at) = rest.find(['@', '/', '?', ' ', '\n']) else {
                        break;
                    };
                    if rest[at..].starts_with('@') {
                        found.append(&mut open);
                    }
                    open.clear();
                    is_login = false;
                    rest = &rest[at..];
                }
            }
            Part::Secret { name, origin, .. } if is_login => open.push((name.as_str(), origin)),
            Part::Secret { .. } | Part::Var(_) | Part::Target { .. } | Part::Credential { .. } => {}
        }
    }
    found
}
