//! Bad patterns of the application file. Codes PL0100 to PL0399.

pub mod layers;
pub mod relations;
pub mod shapes;

use plimsoll_source::{Level, Rule};

/// A word that this version reads and does nothing with. Compiling reports it where the word has an
/// effect elsewhere, such as for another engine; a table of `plimsoll-rules` knows the others.
pub static NOT_YET: Rule = Rule {
    code: "PL0503",
    name: "not-yet",
    level: Level::Info,
    consequence: "nothing is made of the word: what it asks for is not there",
    docs: "The word is part of the language and is checked, but this version makes nothing of it \
           yet, or not in this place. `check` names each that somebody wrote.",
};

/// Every rule of this crate.
pub static ALL: &[&Rule] = &[
    &layers::INCLUDE_MISSING,
    &layers::DEFINED_TWICE,
    &layers::UNKNOWN_LAYER,
    &layers::LAYER_CIRCLE,
    &layers::IDLE_NULL,
    &layers::SEVERAL_DEFAULTS,
    &layers::UNKNOWN_LIKE,
    &layers::LIKE_CIRCLE,
    &layers::UNKNOWN_PROGRAM,
    &layers::UNKNOWN_VARIABLE,
    &layers::VARIABLE_CIRCLE,
    &layers::TAKEN_VARIABLE,
    &layers::SECRET_IN_TEXT,
    &layers::REFERENCE_IN_KEY,
    &layers::NOTHING_WRITTEN,
    &layers::UNREADABLE_SET,
    &layers::STRAY_BLOCK,
    &shapes::UNKNOWN_KEY,
    &shapes::WRONG_SHAPE,
    &shapes::WRONG_VALUE,
    &shapes::BAD_NAME,
    &shapes::MISSING_KEY,
    &shapes::IDLE_KEY,
    &relations::UNKNOWN_TARGET,
    &relations::TARGET_OFF,
    &relations::UNUSED_TARGET,
    &relations::UNKNOWN_FIELD,
    &relations::UNKNOWN_SECRET,
    &relations::SAME_NAME,
    &relations::UNKNOWN_THING,
    &relations::UNKNOWN_PORT,
    &relations::SAME_PORT,
    &relations::CHOICE,
    &relations::MISSING_FILE,
    &relations::SINGLE_REPLACED,
    &relations::ENGINE_FACT,
    &relations::CIRCLE,
    &relations::SHARED_DISK,
    &relations::TWO_MIGRATORS,
    &relations::TWO_URLS,
    &relations::BAD_PROBE,
    &relations::BAD_ROUTE,
    &relations::SHARED_NAMESPACE,
    &relations::BAD_SEALED_FILE,
    &relations::CLAIM_OF_MANY,
    &relations::GRPC_STICKS,
    &relations::NO_CERTIFICATE,
    &relations::SECRET_IN_URL,
    &relations::KILLED_EARLY,
    &relations::SCALE_TO_ZERO,
    &relations::CLOSED_PORT,
];
