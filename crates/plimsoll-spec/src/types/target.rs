//! What can be talked to.

use plimsoll_source::Str;
use std::fmt;

/// What can be talked to, found in this environment.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// One of `services`.
    Service(Str),
    /// One of `stores`, or one database of it.
    Store {
        /// The store.
        store: Str,
        /// The database; nothing where the engine has none.
        database: Option<Str>,
    },
    /// One of `externals`.
    External(Str),
    /// A slot of `platform`.
    Slot(Str),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service(name) | Self::External(name) => f.write_str(name),
            Self::Store { store, database } => match database {
                Some(database) => write!(f, "{store}.{database}"),
                None => f.write_str(store),
            },
            Self::Slot(slot) => write!(f, "platform.{slot}"),
        }
    }
}

/// Where a path of a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    /// To a service or a platform slot.
    Backend {
        /// Which; never a store or an external.
        target: Target,
        /// Port of its Service, by name or number; nothing: the main one.
        port: Option<Str>,
    },
    /// Elsewhere, by 308; the path is kept.
    Redirect(Str),
    /// Nowhere: 404.
    None,
}
