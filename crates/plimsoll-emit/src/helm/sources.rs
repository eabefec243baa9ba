//! Where secrets may come from by a chart's values: what is sealed in some environment has names and
//! objects of its own, which no other source fills; and where nothing is sealed, nothing can be opened.

use super::contract::Contract;
use super::words::Word;
use crate::System;
use plimsoll_source::{Handle, Node, Str};

/// The word of the application file.
pub const HANDLE: &str = "platform.secrets.use";

/// Whether a word of a chart says where secrets come from.
pub fn is_source(word: &Word) -> bool {
    word.turns.iter().any(|handle| &*handle.0 == HANDLE)
}

/// What it may be.
pub fn allowed(word: &Word) -> Vec<&str> {
    let said = word.values.iter().flatten().filter_map(Node::text);
    of(&word.words, said.map(Str::as_str).collect())
}

/// What values may say where a contract turns the word; nothing where it is fixed.
pub fn of_contract(system: &System, contract: &Contract) -> Option<Vec<Str>> {
    let handle = Handle(HANDLE.into());
    let binding = contract.binding(&handle)?;
    let params = system.environments.iter().map(|env| env.blueprint.params());
    let said: Vec<Str> = params
        .filter_map(|params| params.get(&handle)?.value.text().cloned())
        .collect();
    let said = said.iter().map(Str::as_str).collect();
    Some(
        of(&binding.words, said)
            .into_iter()
            .map(Str::from)
            .collect(),
    )
}

fn of<'w>(words: &'w [(String, String)], said: Vec<&'w str>) -> Vec<&'w str> {
    if !words.is_empty() {
        return words.iter().map(|(_, means)| means.as_str()).collect();
    }
    let mut all = vec!["generated", "existing"];
    let further = ["external", "sealed", "csi", "static"];
    all.extend(if said.contains(&"sealed") {
        further
            .into_iter()
            .filter(|word| said.contains(word))
            .collect()
    } else {
        vec!["external", "csi", "static"]
    });
    all
}
