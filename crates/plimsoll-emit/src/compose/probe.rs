//! Probes as health checks. Compose runs a command in the container, so a request needs a client
//! in the image, and a mere connection cannot be tried.

use serde_json::{Value, json};

use super::text::literal;

/// The check of a container, from the probe that says when it can serve.
pub(super) fn check(container: &Value) -> Result<Option<Value>, &'static str> {
    let start = &container["startupProbe"];
    let ready = &container["readinessProbe"];
    let probe = if ready.is_object() { ready } else { start };
    if !probe.is_object() {
        return Ok(None);
    }
    let test = if let Some(command) = probe["exec"]["command"].as_array() {
        let words = command.iter().filter_map(Value::as_str).map(literal);
        let mut test = vec!["CMD".to_owned()];
        test.extend(words);
        json!(test)
    } else if probe["httpGet"].is_object() {
        json!(["CMD-SHELL", request(container, &probe["httpGet"])])
    } else if probe["tcpSocket"].is_object() {
        return Err("a connection");
    } else {
        return Err("a call by gRPC");
    };
    let seconds = |probe: &Value, key: &str, default: u64| probe[key].as_u64().unwrap_or(default);
    let started = seconds(start, "periodSeconds", 10) * seconds(start, "failureThreshold", 0);
    let mut check = json!({
        "test": test,
        "interval": format!("{}s", seconds(probe, "periodSeconds", 10)),
        "timeout": format!("{}s", seconds(probe, "timeoutSeconds", 1)),
        "retries": seconds(probe, "failureThreshold", 3),
    });
    if started > 0 {
        check["start_period"] = json!(format!("{started}s"));
        let every = seconds(start, "periodSeconds", 10);
        check["start_interval"] = json!(format!("{every}s"));
    }
    Ok(Some(check))
}

fn request(container: &Value, get: &Value) -> String {
    let path = get["path"].as_str().unwrap_or("/");
    let port = port(container, &get["port"]).unwrap_or(80);
    let url = literal(&format!("http://127.0.0.1:{port}{path}"));
    format!("wget -q -O /dev/null '{url}' || curl -fsS -o /dev/null '{url}'")
}

/// A port by number or name.
pub(super) fn port(container: &Value, port: &Value) -> Option<u64> {
    if let Some(number) = port.as_u64() {
        return Some(number);
    }
    let ports = container["ports"].as_array()?;
    let named = ports.iter().find(|known| known["name"] == *port)?;
    named["containerPort"].as_u64()
}
