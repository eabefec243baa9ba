//! Conditions without what is known: charts ask only what a value can change.

use plimsoll_world::Cond;
use std::sync::Arc;

/// Both.
pub fn and(a: Cond, b: Cond) -> Cond {
    match (a, b) {
        (Cond::Known(true, _), other) | (other, Cond::Known(true, _)) => other,
        (no @ Cond::Known(false, _), _) | (_, no @ Cond::Known(false, _)) => no,
        (a, b) => Cond::And(Arc::new((a, b))),
    }
}

/// One or both.
pub fn or(a: Cond, b: Cond) -> Cond {
    match (a, b) {
        (Cond::Known(false, _), other) | (other, Cond::Known(false, _)) => other,
        (yes @ Cond::Known(true, _), _) | (_, yes @ Cond::Known(true, _)) => yes,
        (a, b) => Cond::Or(Arc::new((a, b))),
    }
}
