//! `plimsoll explain`: the page of a rule, a word or an engine.

use super::rules;
use crate::args::Explain;
use crate::exit::{Exit, Failure, Outcome};
use crate::pages;
use crate::terminal;

/// Prints a page.
pub fn run(args: &Explain) -> Outcome {
    let what = args.what.as_str();
    let rule = rules::all()
        .into_iter()
        .find(|rule| rule.code.eq_ignore_ascii_case(what) || rule.name == what);
    if let Some(rule) = rule {
        terminal::out(format!(
            "{} {} ({})\n\n{}\n\nWhat happens: {}.\n",
            rule.code,
            rule.name,
            rules::level(rule.level),
            rule.docs,
            rule.consequence
        ));
        return Ok(Exit::Fine);
    }
    if let Some(page) = pages::named(what).and_then(pages::of) {
        terminal::out(page);
        return Ok(Exit::Fine);
    }
    match plimsoll_spec::explain(what) {
        Some(page) => {
            terminal::out(&page);
            Ok(Exit::Fine)
        }
        None => Err(Failure::usage(unknown(what))),
    }
}

fn unknown(what: &str) -> String {
    let rules = rules::all();
    let causes = plimsoll_ship::Cause::ALL.iter().map(|cause| cause.name());
    let names = rules.iter().flat_map(|rule| [rule.code, rule.name]);
    let names = names.chain(causes);
    let near = plimsoll_source::near(what, names);
    let hint = near
        .map(|near| format!("; did you mean `{near}`?"))
        .unwrap_or_default();
    format!(
        "`{what}` is no rule, no cause of a failure, no word of the application file and no engine{hint}"
    )
}
