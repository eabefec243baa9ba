//! What outputs find: `PL0601` and above.

use plimsoll_source::{Level, Rule};

/// Every rule of this crate, in the order of the codes.
pub static ALL: &[&Rule] = &[
    &FOLDER_OUTSIDE,
    &FOLDERS_DIFFER,
    &NOT_IN_COMPOSE,
    &CONTRACT_CONFLICT,
    &NO_REPOSITORY,
];

/// A folder that leaves the root of the repository.
pub static FOLDER_OUTSIDE: Rule = Rule {
    code: "PL0601",
    name: "folder-outside",
    level: Level::Error,
    consequence: "files would be written outside of the folder that was named",
    docs: "`deliver.folder`, `deliver.kustomize.folder` and `deliver.chart.folder` are paths below the root of the \
           repository of rendered files, which is the folder that `render -o` names. They neither begin with `/` nor \
           hold `..`.",
};

/// One path of a chart's values turns several words that differ.
pub static CONTRACT_CONFLICT: Rule = Rule {
    code: "PL0620",
    name: "contract-conflict",
    level: Level::Error,
    consequence: "the chart cannot say both values",
    docs: "A line of `deliver.chart.values` with `*` is one path for all that have the word, so in each environment \
           the word must have one value.",
};

/// A folder that environments do not agree about.
pub static FOLDERS_DIFFER: Rule = Rule {
    code: "PL0602",
    name: "folders-differ",
    level: Level::Error,
    consequence: "one output holds all environments, so it has one folder",
    docs: "Overlays, charts and Applications are written once for all environments; their folder is a word of the \
           application and not of an environment. Write it at the top of the file.",
};

/// Something that Compose has nothing for.
pub static NOT_IN_COMPOSE: Rule = Rule {
    code: "PL0610",
    name: "not-in-compose",
    level: Level::Info,
    consequence: "on one machine the application behaves otherwise there than in a cluster",
    docs: "`render --to compose` runs an environment on one machine. Compose has no gateway, no copies of a store, no \
           probe by a mere connection, and no translation of ports. What it leaves out is said once, at the line that \
           asked for it; in a cluster all of it holds.",
};

/// Delivery from Git without a repository.
pub static NO_REPOSITORY: Rule = Rule {
    code: "PL0611",
    name: "no-repository",
    level: Level::Error,
    consequence: "nothing is written for Argo CD and Flux, which read their files from Git",
    docs: "Argo CD and Flux apply what stands in a Git repository, so their objects name it: `deliver.repo` is its URL, \
           `deliver.branch` the branch of an environment, `deliver.folder` the folder below its root.",
};
