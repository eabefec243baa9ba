//! Texts of the program's own source, and the histories of what it chooses by itself: made once, then
//! shared. A thousand services have a hundred thousand of them.

use crate::{Origin, Str};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Where a literal stands in the program, which tells it from all others at no cost.
type Place = (usize, usize);

thread_local! {
    static TEXTS: RefCell<BTreeMap<Place, Str>> = RefCell::default();
    static RULES: RefCell<BTreeMap<Place, Origin>> = RefCell::default();
}

fn place(text: &'static str) -> Place {
    (text.as_ptr().addr(), text.len())
}

/// A literal as a shared text.
pub fn literal(text: &'static str) -> Str {
    TEXTS.with_borrow_mut(|texts| {
        let known = texts.entry(place(text));
        known.or_insert_with(|| Str::from(text)).clone()
    })
}

/// The history of what the rule of that name chose by itself.
pub fn chosen(rule: &'static str) -> Origin {
    RULES.with_borrow_mut(|rules| {
        let known = rules.entry(place(rule));
        known
            .or_insert_with(|| Origin::rule(Str::from(rule), []))
            .clone()
    })
}
