//! Where secrets may come from by a chart's values: what is sealed in some environment has names and
//! objects of its own, which no other source fills; and where nothing is sealed, nothing can be opened.

use super::words::{Word, Words};
use plimsoll_source::Node;
use plimsoll_world::{Cond, Expr, ObjectForm};

/// The word of the application file.
const HANDLE: &str = "platform.secrets.use";

/// Whether a word of a chart says where secrets come from.
pub fn is_source(word: &Word) -> bool {
    word.turns.iter().any(|handle| &*handle.0 == HANDLE)
}

/// What it may be.
pub fn allowed(word: &Word) -> Vec<&str> {
    if !word.words.is_empty() {
        return word.words.iter().map(|(_, means)| means.as_str()).collect();
    }
    let said: Vec<&str> = word
        .values
        .iter()
        .flatten()
        .filter_map(Node::text)
        .map(plimsoll_source::Str::as_str)
        .collect();
    let mut all = vec!["generated", "existing"];
    if said.contains(&"sealed") {
        all.extend(
            ["external", "sealed", "csi", "static"]
                .iter()
                .filter(|word| said.contains(word)),
        );
    } else {
        all.extend(["external", "csi", "static"]);
    }
    all
}

/// Whether an object is there under some source that the values may name.
pub fn may_be(words: &Words, object: &ObjectForm) -> bool {
    let mut all = words.all.iter();
    let Some((path, word)) = all.find(|(_, word)| is_source(word)) else {
        return true;
    };
    let allowed = allowed(word);
    let mut may = true;
    super::logic::conjuncts(&object.when, &mut |cond| {
        if let Cond::Is(Expr::Val(param), wanted) = cond
            && &*param.handle.0 == path
        {
            may &= allowed.contains(&wanted.as_str());
        }
    });
    may
}
