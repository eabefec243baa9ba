//! Releases on the embedded cluster, from the first object to the last deletion.

mod deployers;
mod diagnosis;
mod harness;
mod interruption;
mod lifecycle;
mod rollback;
mod shop;
