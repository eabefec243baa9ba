//! Which environment is meant for one machine.

use plimsoll_spec::app::deliver::By;

use crate::{Environment, System};

/// The one that says so; else the first whose stores have one instance each; else the chosen one.
pub(super) fn chosen<'s, 'a>(system: &'s System<'a>) -> &'s Environment<'a> {
    let all = || system.environments.iter();
    let says_so = |env: &&Environment<'_>| *env.app.deliver.by.peek() == By::Compose;
    let is_small = |env: &&Environment<'_>| {
        let mut stores = env.app.stores.values();
        stores.all(|store| !*store.enabled.peek() || *store.instances.peek() <= 1)
    };
    let found = all().find(says_so).or_else(|| all().find(is_small));
    found.unwrap_or_else(|| system.chosen())
}
