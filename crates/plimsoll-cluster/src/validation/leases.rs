//! Leases: lengths that last, and instants in the one form that the server reads.

use serde_json::Value;

use crate::clock;
use crate::error::{ApiError, Cause};
use crate::kinds::Kind;

/// Checks the numbers of a lease.
pub fn check(spec: &Value, causes: &mut Vec<Cause>) {
    let mut least = |field: &str, least: i64, detail: &str| {
        if spec[field].as_i64().is_some_and(|number| number < least) {
            let field = format!("spec.{field}");
            causes.push(Cause::invalid(&field, &spec[&field[5..]], detail));
        }
    };
    least("leaseDurationSeconds", 1, "must be greater than 0");
    least("leaseTransitions", 0, "must be greater than or equal to 0");
}

/// Instants of a lease have microseconds; the server cannot read others.
pub fn times(kind: &Kind, object: &Value) -> Result<(), ApiError> {
    if &*kind.key != "coordination.k8s.io/Lease" {
        return Ok(());
    }
    for field in ["acquireTime", "renewTime"] {
        let Some(text) = object["spec"][field].as_str() else {
            continue;
        };
        let is_time = clock::parse(text).is_some();
        let rest = text.get(19..).unwrap_or_default();
        let (rest, part) = match (is_time, rest.starts_with('.')) {
            (true, true) => continue,
            (true, false) => (rest, ".000000"),
            (false, _) => (text, "2006"),
        };
        return Err(ApiError::bad_request(format!(
            "Lease in version \"v1\" cannot be handled as a Lease: parsing time \"{text}\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"{rest}\" as \"{part}\""
        )));
    }
    Ok(())
}
