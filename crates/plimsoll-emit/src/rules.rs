//! What outputs find: `PL0601` and above.

use plimsoll_source::{Level, Rule};

/// Every rule of this crate, in the order of the codes.
pub static ALL: &[&Rule] = &[
    &FOLDER_OUTSIDE,
    &FOLDERS_DIFFER,
    &NOT_IN_COMPOSE,
    &CONTRACT_CONFLICT,
    &ORDER_ACROSS_CHARTS,
    &CONTRACT_WITHOUT_WORD,
    &NO_REPOSITORY,
    &NO_CHART,
    &LICENCE_NOT_OPEN,
    &LICENCE_OF_NETWORK_USE,
    &COMPONENT_RANGE,
    &NOTHING_TO_BUILD,
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

/// An order that charts of several services cannot keep.
pub static ORDER_ACROSS_CHARTS: Rule = Rule {
    code: "PL0621",
    name: "order-across-charts",
    level: Level::Info,
    consequence: "Helm runs all hooks of one release, then those of the next: there it is not kept",
    docs: "With `deliver.chart.per: service` a migration stands in the chart of its service, and `helm/helmfile.yaml` \
           installs charts in the order of their migrations. Where that order goes to and fro between two services, no \
           order of their releases keeps it. Manifests, Argo CD, Flux and `plimsoll up` keep it.",
};

/// A line of the contract that turns nothing.
pub static CONTRACT_WITHOUT_WORD: Rule = Rule {
    code: "PL0622",
    name: "contract-without-word",
    level: Level::Error,
    consequence: "the chart does not have the path, and refuses values that say it",
    docs: "A line of `deliver.chart.values` says which word of the file a path of the chart's values turns: \
           `services.api.image.tag`, `routes.main.hosts`, `services.*.scale.cpu`. This one is no word that can be turned in \
           any environment: it is misspelled, or the thing is not there, or what the word says follows from others.",
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

/// A component that is ours to install and whose chart is not known.
pub static NO_CHART: Rule = Rule {
    code: "PL0630",
    name: "no-chart",
    level: Level::Warning,
    consequence: "the application expects the component, and nobody installs it",
    docs: "`platform.install` writes a Helmfile of everything that the slots call for. Of this component no chart is in \
           the catalogue; install it by its own means and say `install: false` in its slot.",
};

/// A licence that is not open.
pub static LICENCE_NOT_OPEN: Rule = Rule {
    code: "PL0631",
    name: "licence-not-open",
    level: Level::Error,
    consequence: "its licence restricts who may use it and for what",
    docs: "The Business Source Licence, the Server Side Public License, the Redis Source Available License and the \
           Timescale License let everybody read the source and restrict its use. `policy: { licences: open }` refuses \
           them; without it they are named. `platform/LICENCES.md` lists the licence of every component.",
};

/// A licence that asks something of who offers a service.
pub static LICENCE_OF_NETWORK_USE: Rule = Rule {
    code: "PL0632",
    name: "licence-of-network-use",
    level: Level::Info,
    consequence: "who changes it and offers it over a network must publish the changes",
    docs: "The GNU Affero General Public License is open. It asks those who offer a changed version over a network to \
           publish their changes; some companies do not allow it, so it is named. Running it unchanged asks for nothing.",
};

/// A component that is not made for the cluster's version.
pub static COMPONENT_RANGE: Rule = Rule {
    code: "PL0633",
    name: "component-outside-its-range",
    level: Level::Warning,
    consequence: "its makers do not test it on that version of Kubernetes",
    docs: "Every version of a component is made for some versions of Kubernetes. Choose a version of its chart that fits \
           the cluster (`version` in its slot), or another version of the cluster.",
};

/// A workflow without anything to build.
pub static NOTHING_TO_BUILD: Rule = Rule {
    code: "PL0640",
    name: "nothing-to-build",
    level: Level::Warning,
    consequence: "the workflow checks the file and builds nothing",
    docs: "`deliver.ci` writes a workflow that builds the image of every service and job that says where its source is: \
           `build: FOLDER`, or `build: { context, file, target, args }`.",
};
