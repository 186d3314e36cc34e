//! One byte stream of one attempt: takes each request through its checks and to the upstream.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aca_protocol::AttemptId;
use aca_secrets::Secret;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::api_error::ApiError;
use crate::body::{self, Body};
use crate::credential::Credential;
use crate::exchange::ExchangeLog;
use crate::gateway::Shared;
use crate::headers;
use crate::meter::{Meter, RequestUsage};
use crate::relay::{self, Relay};
use crate::route::{self, Asked, Route};

/// What the requests of one stream have in common.
pub(crate) struct Connection {
    pub(crate) shared: Arc<Shared>,
    pub(crate) attempt: AttemptId,
    pub(crate) token: Secret,
    pub(crate) usage: mpsc::UnboundedSender<RequestUsage>,
    pub(crate) exchanges: Option<ExchangeLog>,
    pub(crate) permits: Arc<Semaphore>,
}

impl Connection {
    /// Answers one request. Failures are answers too.
    pub(crate) async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
        Ok(self.try_answer(request).await.unwrap_or_else(ApiError::into_response))
    }

    async fn try_answer(&self, request: Request<Incoming>) -> Result<Response<Body>, ApiError> {
        let route = Route::of(request.method(), request.uri().path())?;
        if route == Route::Hello {
            return Ok(Response::new(body::full(Bytes::new())));
        }
        route::check_token(request.headers(), &self.token)?;
        // Taken before the body is read, so that an attempt cannot make many large bodies be held at once.
        let permit = self.permits.clone().acquire_owned().await.ok();
        let (head, body) = request.into_parts();
        let body = self.read_body(body).await?;
        let asked = (route == Route::Messages).then(|| Asked::parse(&body)).transpose()?;
        let mut patience = self.shared.config.idle_timeout;
        if asked.as_ref().is_some_and(|asked| !asked.stream) {
            patience = patience.max(self.shared.config.unstreamed_timeout);
        }
        // Read before anything is recorded, because no record may hold it.
        let credential = self.shared.upstream.credential().await;
        let model = asked.as_ref().map(|asked| asked.model.as_str());
        let exchange = self.exchanges.as_ref().map(|log| log.begin(&head, &body, model));
        let mut meter = asked.map(|asked| Meter::start(self.attempt.clone(), asked.model, self.usage.clone()));
        if let (Some(meter), Some(exchange)) = (&mut meter, &exchange) {
            meter.tell(exchange.usage());
        }
        let accepted = Accepted {
            route,
            head,
            body,
            credential,
            patience,
            permit,
        };
        let answer = match self.forward(accepted, &mut meter).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(attempt = %self.attempt, status = error.status.as_u16(), "{}", error.message);
                if let Some(meter) = &mut meter {
                    meter.set_status(error.status.as_u16());
                }
                error.into_response()
            }
        };
        // What it used belongs into the record before its end.
        drop(meter);
        Ok(match exchange {
            Some(exchange) => exchange.watch(answer),
            None => answer,
        })
    }

    async fn read_body(&self, body: Incoming) -> Result<Bytes, ApiError> {
        let most = self.shared.config.max_body_bytes;
        let limited = Limited::new(body, usize::try_from(most).unwrap_or(usize::MAX));
        match limited.collect().await {
            Ok(collected) => Ok(collected.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => {
                let message = format!("The request's body is larger than the {most} bytes that the gateway takes.");
                Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message).final_answer())
            }
            Err(error) => {
                let message = format!("The request's body did not arrive whole: {error}.");
                Err(ApiError::new(StatusCode::BAD_REQUEST, message))
            }
        }
    }

    async fn forward(&self, request: Accepted, meter: &mut Option<Meter>) -> Result<Response<Body>, ApiError> {
        let Accepted {
            route,
            head,
            body,
            credential,
            patience,
            permit,
        } = request;
        let upstream = &self.shared.upstream;
        let credential = credential?;
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let headers = headers::for_upstream(&head.headers);
        let sent = upstream.send(head.method, target, headers, body, credential.as_ref());
        let Ok(answer) = tokio::time::timeout(patience, sent).await else {
            return Err(relay::silent(&upstream.name(), patience));
        };
        let secret = credential.map(|credential| credential.secret().clone());
        let relay = Relay {
            route,
            upstream: upstream.name(),
            secret,
            patience,
        };
        relay.pass(answer?, meter, permit).await
    }
}

/// A request that has passed the gateway's checks and is all there.
struct Accepted {
    route: Route,
    head: Parts,
    body: Bytes,
    /// What the upstream wants, or why it cannot be had.
    credential: Result<Option<Credential>, ApiError>,
    /// How long the upstream may send nothing.
    patience: Duration,
    /// The attempt's permission to have one more request under way.
    permit: Option<OwnedSemaphorePermit>,
}
