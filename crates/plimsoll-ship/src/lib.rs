//! Ships a release to a cluster and watches it come up, through `kube`.
//!
//! The cluster may be a real one or the embedded one: nothing here can tell.

pub mod apply;
pub mod clock;
pub mod error;
pub mod events;
pub mod graph;
pub mod inventory;
pub mod journal;
pub mod kinds;
pub mod lease;
pub mod observe;
pub mod pod_spec;
pub mod ready;
pub mod record;
pub mod references;
pub mod release;
pub mod report;
pub mod retry;
pub mod wishes;

pub use clock::Clock;
pub use error::ShipError;
pub use events::{Event, Listener, What};
pub use graph::{Edge, Graph, GraphError, Need};
pub use inventory::{Entry, Inventory, Record};
pub use journal::{Journal, Shipped};
pub use ready::{Readiness, readiness};
pub use release::{
    Desired, How, KeyWish, Logical, ObjectKey, Part, Place, Release, Role, Rollback, SecretWish,
    Target,
};
pub use report::{Failure, Migration, MigrationState, Objects, Outcome, Pods, Wave};
pub use wishes::Given;
