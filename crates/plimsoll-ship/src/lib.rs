//! Ships a release to a cluster and watches it come up, through `kube`.
//!
//! The cluster may be a real one or the embedded one: nothing here can tell.

pub mod apply;
pub mod clock;
pub mod delete;
pub mod down;
mod engine;
pub mod error;
pub mod events;
pub mod evidence;
mod examine;
pub mod family;
pub mod graph;
mod held;
pub mod inventory;
pub mod journal;
pub mod kinds;
pub mod lease;
pub mod observe;
pub mod pod_spec;
pub mod prune;
pub mod ready;
pub mod record;
pub mod references;
pub mod release;
pub mod report;
mod request;
pub mod retry;
pub mod status;
pub mod steps;
pub mod suspect;
pub mod up;
pub mod wishes;

pub use clock::Clock;
pub use down::{DownOptions, Removed, down};
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
pub use report::{Failure, Migration, MigrationState, Objects, Outcome, Pods, RolledBack, Wave};
pub use status::{ObjectState, ObjectStatus, Status, status};
pub use up::{Options, roll_back, up};
pub use wishes::Given;
