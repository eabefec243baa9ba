//! Patterns of texts: regular expressions of Go, whose syntax is that of ours but for corners.
use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use regex::Regex;

use crate::Text;

/// What was compiled so far; none where we cannot read it.
static COMPILED: RwLock<BTreeMap<Text, Option<Regex>>> = RwLock::new(BTreeMap::new());

/// Whether a text matches a pattern. One that we cannot read forbids nothing.
pub fn matches(pattern: &Text, text: &str) -> bool {
    let fits = |compiled: &Option<Regex>| compiled.as_ref().is_none_or(|one| one.is_match(text));
    let known = COMPILED.read().unwrap_or_else(PoisonError::into_inner);
    if let Some(compiled) = known.get(pattern) {
        return fits(compiled);
    }
    drop(known);
    let mut known = COMPILED.write().unwrap_or_else(PoisonError::into_inner);
    let compile = || Regex::new(pattern).ok();
    fits(known.entry(pattern.clone()).or_insert_with(compile))
}
