//! Memcached.

use super::super::postgres_settings::memory;
use super::super::recipe::Recipe;
use plimsoll_source::{Sourced, Str};
use plimsoll_spec::app::Store;
use plimsoll_world::{Cond, Expr, Form};

/// Adds what it is told by arguments; three quarters of the memory are for items.
pub fn add(store: &Store, recipe: &mut Recipe) {
    let items = memory(store)
        .map(|memory| Str::from(format!("--memory-limit={}", (memory * 3 / 4).max(1))));
    push(recipe, &items);
    if let Some((_, port)) = store.ports.main() {
        push(
            recipe,
            &port.port.map(|port| Str::from(format!("--port={port}"))),
        );
    }
    if let Some(connections) = &store.connections {
        push(
            recipe,
            &connections.map(|n| Str::from(format!("--conn-limit={n}"))),
        );
    }
    for (key, value) in &store.settings {
        push(
            recipe,
            &value.map(|value| Str::from(format!("--{key}={value}"))),
        );
    }
}

fn push(recipe: &mut Recipe, word: &Sourced<Str>) {
    let always = Cond::always("stores/memcached");
    recipe.args.push((always, Form::Expr(Expr::from(word))));
}
