//! Mistakes between files and layers, and in `${…}`.

use plimsoll_source::{Level, Rule};

macro_rules! rules {
    ($($(#[$doc:meta])* $id:ident = $code:literal $name:literal $level:ident
        consequence $consequence:literal docs $docs:literal;)*) => {$(
        $(#[$doc])*
        pub static $id: Rule = Rule {
            code: $code,
            name: $name,
            level: Level::$level,
            consequence: $consequence,
            docs: $docs,
        };
    )*};
}
pub(super) use rules;

rules! {
    /// `include` finds no file.
    INCLUDE_MISSING = "PL0100" "include-missing" Error
        consequence "what the file was to define would be left out"
        docs "Every pattern of `include` must find at least one file. Patterns are relative to the application file.";
    /// Two files define one thing.
    DEFINED_TWICE = "PL0101" "defined-twice" Error
        consequence "which of the two holds would depend on the order of files"
        docs "Files of `include` join as if written in one; a thing may be defined once. To lay values over others, use `environments`.";
    /// `extends` names no environment.
    UNKNOWN_LAYER = "PL0102" "unknown-environment" Error
        consequence "nothing would be extended"
        docs "`extends` names another environment of the same file.";
    /// Environments extend each other in a circle.
    LAYER_CIRCLE = "PL0103" "environment-circle" Error
        consequence "no layer would be the lowest"
        docs "`extends` leads from an environment to the one below it, and must come to an end.";
    /// A `null` that removes nothing.
    IDLE_NULL = "PL0104" "idle-null" Warning
        consequence "nothing below has this key, so the line does nothing"
        docs "`null` removes what lower layers, `like` or `defaults` wrote. To say `explicitly without`, also against a built-in default, write `none`.";
    /// Two environments are the default.
    SEVERAL_DEFAULTS = "PL0105" "several-defaults" Error
        consequence "which one is chosen without `-e` would depend on their order"
        docs "At most one environment has `default: true`; without any it is the first.";
    /// `like` names no service.
    UNKNOWN_LIKE = "PL0106" "unknown-like" Error
        consequence "nothing would lie under this service"
        docs "`like` names another service of this environment, enabled or not.";
    /// Services are like each other in a circle.
    LIKE_CIRCLE = "PL0107" "like-circle" Error
        consequence "no service would be the lowest"
        docs "`like` leads from a service to the one below it, and must come to an end.";
    /// `service` of a job or migration names no service.
    UNKNOWN_PROGRAM = "PL0108" "unknown-program" Error
        consequence "there would be no image to run"
        docs "`service` of a job or migration names the service whose program it is.";
    /// `${…}` names nothing.
    UNKNOWN_VARIABLE = "PL0110" "unknown-variable" Error
        consequence "the text would hold `${…}` literally"
        docs "In `${…}` stand keys of `vars`, and `app`, `env`, `namespace`; `service` and `port` inside of a thing; and targets of its `uses` in `env`, `command`, `args` and `config`. `$${` is a literal `${`.";
    /// Variables stand in each other.
    VARIABLE_CIRCLE = "PL0111" "variable-circle" Error
        consequence "the text would have no end"
        docs "A variable may use others, but not itself through them.";
    /// A variable with a name that is taken.
    TAKEN_VARIABLE = "PL0112" "taken-variable" Error
        consequence "`${…}` would mean two things"
        docs "`app`, `env`, `namespace`, `service`, `port`, `platform` and `secrets` have a meaning already.";
    /// A secret where text is needed.
    SECRET_IN_TEXT = "PL0113" "secret-in-text" Error
        consequence "the secret would stand in the open in an object that many can read"
        docs "Secrets stay references: they may stand in `env`, `command`, `args` and `config` alone.";
    /// `${…}` where no variable is replaced.
    REFERENCE_IN_KEY = "PL0114" "misplaced-variable" Error
        consequence "the text would hold `${…}` literally"
        docs "`${…}` stands in values, never in keys, and not in `app`, `include`, `extends`, `like` or names.";
    /// The file is empty, or no map.
    NOTHING_WRITTEN = "PL0115" "nothing-written" Error
        consequence "there would be no application"
        docs "The application file is one YAML document, a map with at least `app`.";
    /// A block that an environment begins, and that looks like one of the file.
    STRAY_BLOCK = "PL0117" "stray-block" Error
        consequence "what the file defines would stay as it is, and something else be made beside it"
        docs "An environment changes a service, store or route by its name. This one has a name that no lower layer defines, is near to one that is there, and does not say what it takes to be something of its own (`image`, `build` or `like` of a service, `engine` of a store, `paths` of a route).";
    /// `--set` cannot be read.
    UNREADABLE_SET = "PL0116" "unreadable-set" Error
        consequence "the value would not be set"
        docs "`--set KEY=VALUE` takes a dotted key of the application file, and a value in YAML.";
}
