//! Fields that the schema does not know, and values of the wrong form.

use plimsoll_schema::{Bounds, Minor, Path, Problem, ProblemKind, Segment, validate};
use serde_json::Value;

use super::{duplicates, leases};
use crate::error::{ApiError, Cause};
use crate::kinds::Kind;
use crate::object;
use crate::write::FieldValidation;

/// Drops unknown fields from an object, with a warning or a refusal if the request asks for it.
pub fn strict(
    kind: &Kind,
    object: &mut Value,
    mode: FieldValidation,
    minor: u16,
) -> Result<Vec<String>, ApiError> {
    if mode == FieldValidation::Trusted {
        return Ok(Vec::new());
    }
    leases::times(kind, object)?;
    let mut unknown = Vec::new();
    let mut causes = Vec::new();
    for problem in problems(kind, object, minor) {
        match &problem.kind {
            ProblemKind::UnknownField { .. } | ProblemKind::NotInVersion { .. } => {
                unknown.push(format!("unknown field \"{}\"", problem.path));
                prune(object, &problem.path);
            }
            ProblemKind::GatedOff { .. } => prune(object, &problem.path),
            ProblemKind::WrongType { expected, found } if kind.custom.is_none() => {
                return Err(ApiError::bad_request(format!(
                    "{} in version \"{}\" cannot be handled as a {}: json: cannot unmarshal: {}: expected {expected}, found {found}",
                    kind.kind, kind.version, kind.kind, problem.path
                )));
            }
            _ if kind.custom.is_some() => causes.extend(cause(object, &problem)),
            _ => {}
        }
    }
    let of_component = values_of_component(kind, object, minor);
    causes.extend(
        of_component
            .iter()
            .filter_map(|problem| cause(object, problem)),
    );
    if mode == FieldValidation::Strict && !unknown.is_empty() {
        let message = if kind.custom.is_some() {
            format!("strict decoding error: {}", unknown.join(", "))
        } else {
            format!(
                "{} in version \"{}\" cannot be handled as a {}: strict decoding error: {}",
                kind.kind,
                kind.version,
                kind.kind,
                unknown.join(", ")
            )
        };
        return Err(ApiError::bad_request(message));
    }
    if !causes.is_empty() {
        return Err(ApiError::invalid(
            &kind.group,
            &kind.kind,
            object::name(object),
            causes,
        ));
    }
    Ok(if mode == FieldValidation::Warn {
        unknown
    } else {
        Vec::new()
    })
}

/// Refuses an apply configuration with fields that the schema does not know, or with items that stand twice.
pub fn declared(kind: &Kind, config: &Value, minor: u16) -> Result<(), ApiError> {
    let wrong = problems(kind, config, minor)
        .into_iter()
        .find_map(|problem| {
            let path = format!(".{}", problem.path);
            match problem.kind {
                ProblemKind::UnknownField { .. } | ProblemKind::NotInVersion { .. } => {
                    Some(format!("{path}: field not declared in schema"))
                }
                ProblemKind::WrongType { expected, found } => {
                    Some(format!("{path}: expected {expected}, got {found}"))
                }
                _ => None,
            }
        });
    let twice = || {
        let (schemas, id) = kind.schema()?;
        duplicates::first(schemas, id, config)
    };
    let Some(wrong) = wrong.or_else(twice) else {
        return Ok(());
    };
    let namespace = object::namespace(config);
    let name = object::name(config);
    let full = if namespace.is_empty() {
        name.to_owned()
    } else {
        format!("{namespace}/{name}")
    };
    let mut error = ApiError::internal(format!(
        "failed to create typed patch object ({full}; {}, Kind={}): {wrong}",
        kind.storage_version, kind.kind
    ));
    error.reason = "Unknown";
    Err(error)
}

/// Values that the definition of a component refuses. Its unknown fields are let through: what others add
/// to an object of a model is no concern of ours.
fn values_of_component(kind: &Kind, object: &Value, minor: u16) -> Vec<Problem> {
    let version = object["apiVersion"].as_str().unwrap_or_default();
    let Some((schemas, id)) = kind.component_schema(version) else {
        return Vec::new();
    };
    let at = Minor::new(u8::try_from(minor).unwrap_or(u8::MAX));
    let mut problems = validate(schemas, id, object, at);
    problems.retain(|problem| !matches!(problem.kind, ProblemKind::UnknownField { .. }));
    problems
}

fn problems(kind: &Kind, object: &Value, minor: u16) -> Vec<Problem> {
    let at = Minor::new(u8::try_from(minor).unwrap_or(u8::MAX));
    kind.schema()
        .map(|(schemas, id)| validate(schemas, id, object, at))
        .unwrap_or_default()
}

/// What an API server says of a custom object that breaks its schema.
fn cause(object: &Value, problem: &Problem) -> Option<Cause> {
    let field = problem.path.to_string();
    let value = find(object, &problem.path).unwrap_or(&Value::Null);
    match &problem.kind {
        ProblemKind::Missing => Some(Cause::required(field, "")),
        ProblemKind::WrongType { expected, .. } => {
            let wanted = expected.rsplit(' ').next().unwrap_or(expected);
            let detail = format!(
                "{field} in body must be of type {wanted}: \"{}\"",
                json_type(value)
            );
            Some(Cause {
                reason: "FieldValueTypeInvalid",
                message: format!("Invalid value: \"{}\": {detail}", json_type(value)),
                field,
            })
        }
        ProblemKind::BadEnum { allowed, .. } => {
            let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
            Some(Cause::not_supported(field, value, &allowed))
        }
        ProblemKind::NoMatch { pattern } => {
            let detail = format!("{field} in body should match '{pattern}'");
            Some(Cause::invalid(field, value, &detail))
        }
        ProblemKind::OutOfBounds { bounds, size } => {
            Some(out_of_bounds(field, value, *bounds, *size))
        }
        _ => None,
    }
}

/// As `apiextensions-apiserver` 1.37 says it (`pkg/apiserver/validation`).
fn out_of_bounds(field: String, value: &Value, bounds: Bounds, size: i64) -> Cause {
    let too_small = bounds.min.filter(|min| size < *min);
    let said = match (value, too_small) {
        (Value::String(_), Some(min)) => format!("be at least {min} chars long"),
        (Value::Array(_), Some(min)) => format!("have at least {min} items"),
        (Value::Object(_), Some(min)) => format!("have at least {min} properties"),
        (_, Some(min)) => format!("be greater than or equal to {min}"),
        (other, None) => {
            let max = bounds.max.unwrap_or_default();
            match other {
                Value::String(_) => {
                    return Cause::too_long(field, usize::try_from(max).unwrap_or_default());
                }
                Value::Array(_) | Value::Object(_) => return Cause::too_many(field, size, max),
                _ => format!("be less than or equal to {max}"),
            }
        }
    };
    let detail = format!("{field} in body should {said}");
    match value {
        Value::Array(_) | Value::Object(_) => Cause::invalid(field, &size.into(), &detail),
        _ => Cause::invalid(field, value, &detail),
    }
}

fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn find<'v>(object: &'v Value, path: &Path) -> Option<&'v Value> {
    path.0.iter().try_fold(object, |at, segment| match segment {
        Segment::Field(name) | Segment::Key(name) => at.get(name),
        Segment::Index(index) => at.get(index),
    })
}

fn prune(object: &mut Value, path: &Path) {
    let Some((last, parents)) = path.0.split_last() else {
        return;
    };
    let mut at = object;
    for segment in parents {
        let next = match segment {
            Segment::Field(name) | Segment::Key(name) => at.get_mut(name),
            Segment::Index(index) => at.get_mut(index),
        };
        let Some(next) = next else { return };
        at = next;
    }
    if let (Segment::Field(name) | Segment::Key(name), Some(fields)) = (last, at.as_object_mut()) {
        fields.shift_remove(name);
    }
}
