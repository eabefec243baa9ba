//! One request in parts: its query, the headers that matter and its body.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::Method;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue, USER_AGENT};
use serde_json::{Value, json};

use super::rights::User;
use crate::error::{ApiError, Cause};
use crate::write::{FieldValidation, Write};

/// One request, without method and path.
#[derive(Debug)]
pub struct Call {
    query: BTreeMap<String, String>,
    accept: String,
    content_type: String,
    user_agent: String,
    method: Method,
    /// On whose behalf the request is made; nobody's for the administrator.
    pub user: Option<User>,
    /// The body as it came.
    pub body: Bytes,
}

impl Call {
    /// Reads the parts of a request.
    pub fn new(parts: &http::request::Parts, body: Bytes) -> Self {
        let header = |name| {
            parts
                .headers
                .get(name)
                .and_then(|value| value.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        Self {
            query: parse_query(parts.uri.query().unwrap_or_default()),
            accept: header(ACCEPT),
            content_type: header(CONTENT_TYPE),
            user_agent: header(USER_AGENT),
            method: parts.method.clone(),
            user: user(parts),
            body,
        }
    }

    /// A query parameter that is there and not empty.
    pub fn query(&self, name: &str) -> Option<&str> {
        self.query
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether a query parameter says true.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.query(name), Some("true" | "1"))
    }

    /// Whether this asks to watch.
    pub fn is_watch(&self) -> bool {
        self.flag("watch")
    }

    /// Whether the client wants that form, such as `PartialObjectMetadata`.
    pub fn wants(&self, form: &str) -> bool {
        self.accept
            .split(',')
            .next()
            .is_some_and(|first| first.contains(form))
    }

    /// The media type of the body, without parameters.
    pub fn media_type(&self) -> &str {
        self.content_type
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
    }

    /// The body as JSON.
    pub fn json(&self) -> Result<Value, ApiError> {
        if self.media_type().contains("protobuf") {
            return Err(ApiError::unsupported_media_type(
                "the body of the request was in an unknown format - accepted media types include: application/json",
            ));
        }
        serde_json::from_slice(&self.body)
            .map_err(|error| ApiError::bad_request(format!("error decoding request body: {error}")))
    }

    /// How this request writes.
    pub fn write(&self, subresource: &str) -> Result<Write, ApiError> {
        let refuse = |cause| Err(ApiError::option(self.options(), cause));
        let dry_run = match self.query("dryRun") {
            None => false,
            Some("All") => true,
            Some(other) => {
                return refuse(Cause::not_supported("dryRun", &json!([other]), &["All"]));
            }
        };
        let field_validation = match self.query("fieldValidation") {
            None | Some("Warn") => FieldValidation::Warn,
            Some("Strict") => FieldValidation::Strict,
            Some("Ignore") => FieldValidation::Ignore,
            Some(other) => {
                let known = ["", "Ignore", "Strict", "Warn"];
                let cause = Cause::not_supported("fieldValidation", &json!(other), &known);
                return refuse(cause);
            }
        };
        if self
            .query("fieldManager")
            .is_some_and(|name| name.len() > 128)
        {
            return refuse(Cause::too_long("fieldManager", 128));
        }
        Ok(Write {
            manager: self.manager().to_owned(),
            dry_run,
            field_validation,
            subresource: subresource.to_owned(),
        })
    }

    /// The name of this request's options.
    fn options(&self) -> &'static str {
        match self.method {
            Method::POST => "CreateOptions",
            Method::PATCH => "PatchOptions",
            _ => "UpdateOptions",
        }
    }

    /// The field manager: as asked, or else the first word of the user agent.
    fn manager(&self) -> &str {
        let agent = self
            .user_agent
            .split('/')
            .next()
            .filter(|agent| !agent.is_empty());
        self.query("fieldManager").or(agent).unwrap_or("unknown")
    }
}

fn user(parts: &http::request::Parts) -> Option<User> {
    let text = |value: &HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let name = text(parts.headers.get("impersonate-user")?);
    let groups = parts.headers.get_all("impersonate-group").iter().map(text);
    Some(User::new(&name, groups))
}

fn parse_query(query: &str) -> BTreeMap<String, String> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (percent_decode(key), percent_decode(value))
        })
        .collect()
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digit = |byte: Option<u8>| {
                    byte.and_then(|byte| char::from(byte).to_digit(16))
                        .unwrap_or(0)
                };
                let value = digit(rest.next()) * 16 + digit(rest.next());
                bytes.push(u8::try_from(value).unwrap_or(b'?'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
