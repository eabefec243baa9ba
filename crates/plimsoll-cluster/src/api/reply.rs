//! Answers, and how they go over HTTP.

use std::convert::Infallible;
use std::pin::Pin;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use http::header::{CONTENT_TYPE, HeaderValue, WARNING};
use http::{Response, StatusCode};
use http_body_util::{BodyExt, Full, StreamBody};
use serde::Serialize;
use serde_json::Value;

use super::Body;
use crate::error::ApiError;

/// Lines of a watch.
pub type Lines = Pin<Box<dyn Stream<Item = Bytes> + Send>>;

/// An answer.
pub enum Reply {
    /// An object of the store, or a list.
    Json {
        /// HTTP status.
        code: u16,
        /// What to send, as JSON.
        body: Bytes,
        /// Warnings for people.
        warnings: Vec<String>,
    },
    /// JSON of another media type.
    Typed(&'static str, Value),
    /// Plain text.
    Text(String),
    /// A watch.
    Stream(Lines),
}

impl Reply {
    /// JSON with status 200.
    pub fn ok(body: impl Serialize) -> Self {
        Self::json(200, body)
    }

    /// JSON with a status.
    pub fn json(code: u16, body: impl Serialize) -> Self {
        Self::Json {
            code,
            body: to_bytes(&body),
            warnings: Vec::new(),
        }
    }

    /// The HTTP form.
    pub fn into_response(self) -> Response<Body> {
        match self {
            Self::Json {
                code,
                body,
                warnings,
            } => {
                let mut response = full(code, "application/json", body);
                for warning in warnings {
                    let text = warning
                        .replace('\\', "\\\\")
                        .replace('"', "\\\"")
                        .replace('\n', " ");
                    if let Ok(value) = HeaderValue::from_str(&format!("299 - \"{text}\"")) {
                        response.headers_mut().append(WARNING, value);
                    }
                }
                response
            }
            Self::Typed(media_type, body) => full(200, media_type, to_bytes(&body)),
            Self::Text(text) => full(200, "text/plain", Bytes::from(text)),
            Self::Stream(lines) => {
                let frames = lines.map(|line| Ok::<_, Infallible>(http_body::Frame::data(line)));
                let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
                response
                    .headers_mut()
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
        }
    }
}

impl From<ApiError> for Reply {
    fn from(error: ApiError) -> Self {
        Self::json(error.code, error.to_status())
    }
}

/// One line of JSON.
pub fn to_bytes(value: &impl Serialize) -> Bytes {
    let mut bytes = serde_json::to_vec(value).unwrap_or_default();
    bytes.push(b'\n');
    Bytes::from(bytes)
}

fn full(code: u16, media_type: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Full::new(body).boxed_unsync());
    *response.status_mut() =
        StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    response
}
