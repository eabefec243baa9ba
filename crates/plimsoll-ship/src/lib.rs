//! Ships a release to a cluster and watches it come up, through `kube`.
//!
//! The cluster may be a real one or the embedded one: nothing here can tell.

pub mod apply;
mod behind;
pub mod cause;
pub mod checklist;
pub mod clock;
mod decide;
pub mod delete;
pub mod doctor;
pub mod down;
pub mod drift;
mod engine;
pub mod error;
pub mod events;
pub mod evidence;
mod examine;
pub mod family;
pub mod fields;
pub mod graph;
mod held;
pub mod history;
pub mod inventory;
mod issued;
pub mod journal;
pub mod kinds;
pub mod lease;
pub mod logs;
mod look;
pub mod observe;
pub mod obstacle;
mod picture;
pub mod plan;
pub mod pod_spec;
mod preflight;
pub mod prune;
pub mod ready;
pub mod record;
pub mod references;
pub mod release;
pub mod report;
mod request;
pub mod restart;
pub mod retry;
pub mod status;
pub mod steps;
pub mod suspect;
mod switch;
pub mod transfer;
pub mod units;
pub mod up;
mod widen;
pub mod wishes;

pub use cause::Cause;
pub use checklist::checklist;
pub use clock::Clock;
pub use doctor::{Complaint, Diagnosis, doctor};
pub use down::{DownOptions, Removed, down};
pub use drift::drift;
pub use error::ShipError;
pub use events::{Event, Listener, What};
pub use graph::{Edge, Graph, GraphError, Need};
pub use history::{History, history};
pub use inventory::{Entry, Inventory, Record};
pub use journal::{Journal, Shipped};
pub use look::{FieldChange, HIDDEN};
pub use obstacle::Obstacle;
pub use plan::{Action, Change, Plan, plan};
pub use ready::{Readiness, readiness};
pub use release::{
    Desired, How, KeyWish, Logical, ObjectKey, Part, Place, Release, Role, Rollback, SecretWish,
    Target,
};
pub use report::{Failure, Migration, MigrationState, Objects, Outcome, Pods, RolledBack, Wave};
pub use restart::{Restarted, restart};
pub use status::{ObjectState, ObjectStatus, Status, status};
pub use up::{Approved, Options, roll_back, up};
pub use wishes::Given;
