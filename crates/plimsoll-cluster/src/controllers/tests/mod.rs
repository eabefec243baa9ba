//! Controllers together, in virtual time, each judged by what it leaves.

mod cleaning;
mod counting;
mod placing;
