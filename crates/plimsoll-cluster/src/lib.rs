//! A Kubernetes cluster inside the process: API server, controllers, scheduler and nodes in virtual time.

pub mod clock;
pub mod delete;
pub mod error;
pub mod key;
pub mod kinds;
pub mod network;
pub mod object;
pub mod state;
pub mod store;
pub mod write;
