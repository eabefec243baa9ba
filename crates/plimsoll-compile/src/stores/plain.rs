//! Engines of which only facts are known: their image does the rest.

use super::credentials::{self, Credentials};
use super::exporter::Exporter;
use super::recipe::Recipe;
use crate::cx::Cx;
use plimsoll_spec::app::Store;

/// What such an engine adds to its pods.
pub fn recipe(cx: &Cx, store: &Store, keys: &mut Credentials) -> Recipe {
    let mut recipe = Recipe {
        peers: true,
        ..Recipe::default()
    };
    for user in credentials::users(store) {
        let key = keys.user(cx, store, user.name.peek());
        recipe.credential(&key, &key);
    }
    recipe
}

/// What its exporter is told.
pub fn exporter(_cx: &Cx, _store: &Store, _keys: &mut Credentials) -> Option<Exporter> {
    None
}
