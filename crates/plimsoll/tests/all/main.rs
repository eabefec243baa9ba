//! The command line as a user meets it: arguments and files in; exit code, stdout, stderr and files
//! out.

mod accepted;
mod alerts;
mod applied;
mod check;
mod composed;
mod embedded;
mod examples;
mod faults;
mod gitops;
mod harness;
mod lifecycle;
mod promote;
mod questions;
mod reading;
mod real;
mod releases;
mod render;
mod rollouts;
mod sealing;
mod undo;
mod usage;
