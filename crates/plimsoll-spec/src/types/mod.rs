//! The types of single values: what a word may be, how it is written, what Kubernetes is told.

pub mod access;
pub mod bucket;
pub mod cidr;
pub mod counted;
pub mod date;
pub mod leaf;
pub mod limit;
pub mod name;
pub mod probe;
pub mod quantity;
pub mod range;
pub mod ratio;
mod scalar;
pub mod schedule;
pub mod span;
pub mod target;
pub mod template;
pub mod zone;

pub use access::{Caller, Permission};
pub use bucket::Bucket;
pub use cidr::Cidr;
pub use counted::Counted;
pub use date::Date;
pub use leaf::{Leaf, Problem};
pub use limit::{Latency, Limit, Step};
pub use name::{Name, PortName};
pub use probe::{Check, PortRef};
pub use quantity::{Bytes, Cpu};
pub use range::{Range, SizeRange};
pub use ratio::{Count, Percent, Rate};
pub use schedule::{Cron, Moment};
pub use span::Duration;
pub use target::{RouteTarget, Target};
pub use template::{Part, TargetField, Template};
