//! What only making the objects of a store can see: `PL0420` to `PL0439`.

use plimsoll_source::{Level, Rule};

/// Every rule of stores, in the order of the codes.
pub static ALL: &[&Rule] = &[&TLS_WITHOUT_CERTIFICATES];

/// TLS is wanted and nobody makes certificates.
pub static TLS_WITHOUT_CERTIFICATES: Rule = Rule {
    code: "PL0420",
    name: "store-without-certificates",
    level: Level::Warning,
    consequence: "the store serves without TLS, and the URLs of its users say so",
    docs: "A store with `tls` needs a certificate for the names of its Services. They are made by \
           `platform.certificates`. Where that is `none`, no certificate can be made: choose \
           `cert-manager`, let an operator run the store, or write `tls: false` to say that \
           connections inside the cluster stay plain.",
};
