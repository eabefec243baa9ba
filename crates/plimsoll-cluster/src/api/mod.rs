//! The API server: HTTP requests in, answers out, over the shared [`State`].

mod call;
mod change;
mod discovery;
mod path;
mod read;
mod reply;
mod review;
mod rights;
pub mod selector;
mod shown;
mod subresource;
mod watch;

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;

use crate::error::ApiError;
use crate::state::State;
use call::Call;
use path::Target;
use reply::Reply;

/// A request may be as long as this.
const MOST_BYTES: usize = 3 * 1024 * 1024;

/// The body of an answer; watches stream theirs.
pub type Body = UnsyncBoxBody<Bytes, Infallible>;

/// The API server as a tower service; clones share one cluster.
#[derive(Clone)]
pub struct ApiService {
    state: Arc<Mutex<State>>,
}

impl ApiService {
    /// Serves this state.
    pub fn new(state: Arc<Mutex<State>>) -> Self {
        Self { state }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// What is looked at before anything else.
    fn refuse(
        &self,
        method: &Method,
        target: Option<&Target>,
        call: &Call,
    ) -> Result<(), ApiError> {
        if call.body.len() > MOST_BYTES {
            return Err(ApiError::too_large(MOST_BYTES));
        }
        match target {
            Some(target) if call.user.is_some() => {
                rights::check(&self.lock(), method, target, call)
            }
            _ => Ok(()),
        }
    }

    async fn answer<B: BodyExt>(self, request: Request<B>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let Ok(body) = body
            .collect()
            .await
            .map(http_body_util::Collected::to_bytes)
        else {
            return Reply::from(ApiError::bad_request("the body ended early")).into_response();
        };
        let call = Call::new(&parts, body);
        let target = path::parse(parts.uri.path());
        if let Err(refusal) = self.refuse(&parts.method, target.as_ref(), &call) {
            return Reply::from(refusal).into_response();
        }
        let reply = match (&target, call.is_watch()) {
            (Some(target @ (Target::Collection { .. } | Target::Object { .. })), true)
                if parts.method == Method::GET =>
            {
                watch::start(&self.state, target, &call)
            }
            _ => handle(&mut self.lock(), &parts.method, target, &call),
        };
        reply.unwrap_or_else(Reply::from).into_response()
    }
}

/// Locks the cluster and brings its clock up to now.
pub(crate) fn lock(state: &Arc<Mutex<State>>) -> MutexGuard<'_, State> {
    let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
    state.tick();
    state
}

fn handle(
    state: &mut State,
    method: &Method,
    target: Option<Target>,
    call: &Call,
) -> Result<Reply, ApiError> {
    match target.ok_or_else(ApiError::unknown_path)? {
        Target::Collection {
            group,
            version,
            namespace,
            plural,
        } => {
            let place = read::Place::collection(state, &group, &version, &plural, namespace)?;
            match *method {
                Method::GET => read::list(state, &place, call),
                Method::POST if place.kind.group == review::GROUP => {
                    review::answer(state, &place, call)
                }
                Method::POST => change::create(state, &place, call),
                Method::DELETE => change::delete_collection(state, &place, call),
                _ => Err(ApiError::method_not_allowed()),
            }
        }
        Target::Object {
            group,
            version,
            namespace,
            plural,
            name,
        } => {
            let place = read::Place::object(state, &group, &version, &plural, namespace, name)?;
            match *method {
                Method::GET => read::get(state, &place, call),
                Method::PUT => change::update(state, &place, call, ""),
                Method::PATCH => change::patch(state, &place, call, ""),
                Method::DELETE => change::delete(state, &place, call),
                _ => Err(ApiError::method_not_allowed()),
            }
        }
        Target::Subresource {
            group,
            version,
            namespace,
            plural,
            name,
            subresource,
        } => {
            let place = read::Place::object(state, &group, &version, &plural, namespace, name)?;
            subresource::handle(state, method, &place, &subresource, call)
        }
        other if *method == Method::GET => discovery::answer(state, &other, call),
        _ => Err(ApiError::method_not_allowed()),
    }
}

impl<B> tower::Service<Request<B>> for ApiService
where
    B: BodyExt + Send + 'static,
    B::Data: Send,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let service = self.clone();
        Box::pin(async move { Ok(service.answer(request).await) })
    }
}
