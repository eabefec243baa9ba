//! Every way in which shipping can stop, by name. Each has a page in the book, and `explain` prints it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Declares the causes with their names.
macro_rules! causes {
    ($($(#[doc = $doc:literal])+ $cause:ident = $name:literal,)*) => {
        /// Why shipping stopped, as a page of the book is named.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Cause {
            $($(#[doc = $doc])+ #[serde(rename = $name)] $cause,)*
        }

        impl Cause {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$cause,)*];

            /// Its name.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$cause => $name,)*
                }
            }
        }
    };
}

causes! {
    /// A kind is not known to the cluster.
    KindNotServed = "kind-not-served",
    /// Something that is named does not exist.
    NotThere = "not-there",
    /// Something that is named exists and is not ready.
    NotReadyYet = "not-ready-yet",
    /// No storage class is the default.
    NoDefaultClass = "no-default-class",
    /// Nothing measures CPU and memory.
    NoMetrics = "no-metrics",
    /// Rights are missing.
    NoRights = "no-rights",
    /// A value that a person brings is missing.
    SecretNotBrought = "secret-not-brought",
    /// An object is somebody else's.
    BelongsToOthers = "belongs-to-others",
    /// A field is somebody else's.
    FieldOfOthers = "field-of-others",
    /// A field cannot be changed in place.
    CannotChange = "cannot-change",
    /// A store would begin empty in another namespace.
    DataStaysBehind = "data-stays-behind",
    /// The cluster refuses an object.
    Refused = "refused",
    /// A database moved on.
    DatabaseMoved = "database-moved",
    /// The cluster is not what the plan found.
    ClusterMoved = "cluster-moved",
    /// There is nothing to ship.
    EmptyRelease = "empty-release",
    /// Objects wait for each other.
    NoOrder = "no-order",
    /// There is no such release.
    NoSuchRelease = "no-such-release",
    /// There is no such service or store.
    NoSuchPart = "no-such-part",
    /// An image is not to be had.
    ImageNotPulled = "image-not-pulled",
    /// A container cannot be made.
    ContainerNotStarted = "container-not-started",
    /// A container ends again and again.
    ContainerCrashes = "container-crashes",
    /// A container needs more memory than it may have.
    OutOfMemory = "out-of-memory",
    /// No node takes a pod.
    NoNode = "no-node",
    /// A container does not say that it is ready.
    ProbeFails = "probe-fails",
    /// A disk is not there.
    ClaimNotBound = "claim-not-bound",
    /// Pods are not let into the cluster.
    PodsRefused = "pods-refused",
    /// A job failed.
    JobFailed = "job-failed",
    /// Nobody attends an object.
    NoController = "no-controller",
    /// A controller says no.
    SaysNo = "says-no",
    /// A controller gave up.
    GaveUp = "gave-up",
    /// The time is over.
    NotReadyInTime = "not-ready-in-time",
    /// The cluster does not answer.
    ClusterSilent = "cluster-silent",
    /// The cluster answers with an error.
    ClusterAnswers = "cluster-answers",
    /// The login has ended.
    LoggedOut = "logged-out",
    /// Another shipper is at work.
    SomeoneElseShips = "someone-else-ships",
    /// One half of a pair of keys is gone.
    HalfAPair = "half-a-pair",
    /// What is remembered cannot be read.
    MemoryDamaged = "memory-damaged",
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
