//! What only joining raw parts to what was made can see: `PL0410` to `PL0414`.

use plimsoll_source::{Level, Rule};

/// A patch of an object that is not there.
pub static NOTHING_TO_PATCH: Rule = Rule {
    code: "PL0410",
    name: "nothing-to-patch",
    level: Level::Error,
    consequence: "nothing would be changed",
    docs: "`object` is `Kind/name` of an object that the application makes or brings; `plimsoll render` \
           shows them all. A patch of an object that is off in an environment is passed over there.",
};

/// A patch that changes nothing.
pub static IDLE_PATCH: Rule = Rule {
    code: "PL0411",
    name: "idle-patch",
    level: Level::Warning,
    consequence: "the line does nothing",
    docs: "The object says already what the patch wants. Remove the patch, so that nobody believes that \
           it is needed.",
};

/// A patch that cannot be applied.
pub static BAD_PATCH: Rule = Rule {
    code: "PL0412",
    name: "impossible-patch",
    level: Level::Error,
    consequence: "the object would stay as it is",
    docs: "A JSON patch names places that exist, as RFC 6902 says: `replace` and `remove` of what is \
           there, `test` of what has the value. `merge` is a map, as the object is one; `kind`, \
           `metadata.name` and `metadata.namespace` identify the object and stay.",
};

/// A manifest that is no object.
pub static NO_OBJECT: Rule = Rule {
    code: "PL0413",
    name: "not-an-object",
    level: Level::Error,
    consequence: "nothing could be shipped",
    docs: "Every Kubernetes object has `apiVersion`, `kind` and `metadata.name`.",
};

/// A manifest of an object that is made.
pub static MADE_ALREADY: Rule = Rule {
    code: "PL0414",
    name: "made-already",
    level: Level::Error,
    consequence: "which of the two holds would depend on the order in which they are applied",
    docs: "An object of the same kind, name and namespace is there already. Change it by \
           `kubernetes.patches`, or give yours another name.",
};
