//! Mistakes that one key shows by itself.

use plimsoll_source::{Level, Rule};

use super::layers::rules;

rules! {
    /// A key that the block does not have.
    UNKNOWN_KEY = "PL0130" "unknown-key" Error
        consequence "the key would be left out in silence"
        docs "Every block has known keys; `plimsoll explain BLOCK` lists them.";
    /// A map, list or scalar where another is wanted.
    WRONG_SHAPE = "PL0131" "wrong-shape" Error
        consequence "there would be no value"
        docs "A key wants a single value, a list or a map; many have a short form, which the reference names.";
    /// A scalar that is not of its type.
    WRONG_VALUE = "PL0132" "wrong-value" Error
        consequence "there would be no value"
        docs "The type of the key decides how its scalar is read; the reference names it with examples.";
    /// A name that cannot be one.
    BAD_NAME = "PL0133" "bad-name" Error
        consequence "the API server would refuse objects of this name"
        docs "A name is of `a-z`, `0-9` and `-`, starts with a letter and has at most 40 characters (of a port 15): it leaves room for every suffix and label that is added.";
    /// A key that somebody must write.
    MISSING_KEY = "PL0134" "missing-key" Error
        consequence "the thing would be incomplete, and is left out"
        docs "Some keys have no default, because no guess would be right.";
    /// A key that does not go with what another key chose.
    IDLE_KEY = "PL0135" "idle-key" Error
        consequence "the key would do nothing"
        docs "Some keys choose which others apply: `engine` and `run` of a store, `use` of a platform slot, `strategy`. A key that does not fit is passed over if it comes from a lower layer than the choice.";
}
