//! Pod failure policies: which failures count, which are ignored, which end the Job.

use std::sync::Arc;

use serde_json::Value;

use super::super::read;
use crate::object;

/// How a Job ends.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// Whether it failed.
    pub failure: bool,
    /// One word.
    pub reason: String,
    /// A sentence.
    pub message: String,
}

impl Verdict {
    /// A failure.
    pub fn failure(reason: &str, message: String) -> Self {
        Self {
            failure: true,
            reason: reason.to_owned(),
            message,
        }
    }
}

/// How many failed pods count against the back-off limit.
pub fn counted(job: &Value, failed: &[Arc<Value>]) -> usize {
    let ignored =
        |pod: &&Arc<Value>| matched(job, pod).is_some_and(|(_, rule)| rule["action"] == "Ignore");
    failed.len() - failed.iter().filter(ignored).count()
}

/// The end of the Job that a rule asks for, if any failed pod meets it.
pub fn fails_job(job: &Value, failed: &[Arc<Value>]) -> Option<Verdict> {
    failed.iter().find_map(|pod| {
        let (index, rule) = matched(job, pod)?;
        if rule["action"] != "FailJob" {
            return None;
        }
        let about = format!("pod {}/{}", object::namespace(pod), object::name(pod));
        let message = match exit_code_match(rule, pod) {
            Some((container, code)) => format!(
                "Container {container} for {about} failed with exit code {code} matching FailJob rule at index {index}"
            ),
            None => format!("{about} has condition matching FailJob rule at index {index}"),
        };
        Some(Verdict::failure("PodFailurePolicy", message))
    })
}

fn matched<'a>(job: &'a Value, pod: &Value) -> Option<(usize, &'a Value)> {
    let rules = read::items(job, "/spec/podFailurePolicy/rules")
        .iter()
        .enumerate();
    let mut fitting = rules
        .filter(|(_, rule)| exit_code_match(rule, pod).is_some() || condition_match(rule, pod));
    fitting.next()
}

fn exit_code_match(rule: &Value, pod: &Value) -> Option<(String, i64)> {
    let asked = rule.get("onExitCodes").filter(|asked| asked.is_object())?;
    let name = asked["containerName"].as_str();
    let values = read::items(asked, "/values");
    let lists = ["/status/initContainerStatuses", "/status/containerStatuses"];
    let mut statuses = lists.iter().flat_map(|list| read::items(pod, list));
    statuses.find_map(|one| {
        let code = read::int(one, "/state/terminated/exitCode").filter(|code| *code != 0)?;
        let named = name.is_none_or(|name| one["name"] == name);
        let listed = values.iter().any(|value| value.as_i64() == Some(code));
        let fits = named && (listed == (asked["operator"] == "In"));
        fits.then(|| (read::text(one, "/name").to_owned(), code))
    })
}

fn condition_match(rule: &Value, pod: &Value) -> bool {
    read::items(rule, "/onPodConditions").iter().any(|asked| {
        let conditions = read::items(pod, "/status/conditions").iter();
        let status = asked["status"].as_str().unwrap_or("True");
        conditions
            .clone()
            .any(|one| one["type"] == asked["type"] && one["status"] == status)
    })
}
