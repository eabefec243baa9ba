//! Pods and what keeps them: from a program to its workload.

pub mod account;
pub mod companion;
pub mod config;
pub mod container;
pub mod deployment;
pub mod env;
pub mod placement;
pub mod pod;
pub mod priority;
pub mod probe;
pub mod resources;
pub mod rollout;
pub mod service;
pub mod sizing;
pub mod statefulset;
pub mod volume;
