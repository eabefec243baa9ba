//! A Kubernetes cluster inside the process: API server, controllers, scheduler and nodes in virtual time.

mod admission;
pub mod api;
pub mod apply;
mod changes;
pub mod clock;
pub mod cluster;
pub mod controllers;
mod defaults;
pub mod delete;
pub mod error;
pub mod faults;
pub mod key;
pub mod kinds;
mod metadata;
pub mod models;
pub mod network;
pub mod node;
pub mod object;
pub mod patch;
pub mod prepare;
pub mod quantity;
mod saved;
pub mod scheduler;
pub mod state;
mod status;
pub mod store;
mod validation;
pub mod write;

pub use cluster::{Cluster, ClusterError, Options};
pub use saved::NotSaved;
