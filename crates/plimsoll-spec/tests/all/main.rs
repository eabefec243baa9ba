//! Tests of the application file.

mod every_key;
mod harness;
mod lineage;
mod merging;
mod mutations;
mod pages;
mod reading;
mod rules;
mod values;
mod wrong;
