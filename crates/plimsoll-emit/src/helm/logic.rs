//! Conditions without what is known: charts ask only what a value can change.

use super::canon;
use plimsoll_source::Origin;
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

/// What of a condition is open where another holds.
pub fn known(cond: &Cond, holds: &Cond) -> Cond {
    let mut sure = Vec::new();
    conjuncts(holds, &mut |cond| sure.push(canon::when(Some(cond))));
    without(cond, &sure)
}

fn without(cond: &Cond, sure: &[String]) -> Cond {
    if sure.contains(&canon::when(Some(cond))) {
        return Cond::Known(true, Origin::rule("helm", []));
    }
    match cond {
        Cond::And(both) => and(without(&both.0, sure), without(&both.1, sure)),
        Cond::Or(both) => or(without(&both.0, sure), without(&both.1, sure)),
        other => other.clone(),
    }
}

/// Visits a condition, and all that must hold with it.
pub fn conjuncts(cond: &Cond, visit: &mut dyn FnMut(&Cond)) {
    visit(cond);
    if let Cond::And(both) = cond {
        conjuncts(&both.0, visit);
        conjuncts(&both.1, visit);
    }
}
