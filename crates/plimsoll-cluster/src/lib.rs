//! A Kubernetes cluster inside the process: API server, controllers, scheduler and nodes in virtual time.

pub mod clock;
pub mod controllers;
pub mod delete;
pub mod error;
pub mod faults;
pub mod key;
pub mod kinds;
pub mod models;
pub mod network;
pub mod node;
pub mod object;
pub mod quantity;
pub mod scheduler;
pub mod state;
pub mod store;
pub mod write;
