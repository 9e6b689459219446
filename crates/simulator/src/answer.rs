//! Answering a request for an answer, the same for every format.

use std::future::pending;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::conversation;
use crate::format::Format;
use crate::limits;
use crate::problem::{Objection, Problem};
use crate::request::{Draft, Fields, meet_fault};
use crate::script::{Fault, FaultKind, Script};
use crate::server::{Connection, NoAnswer};
use crate::speech::{Pace, Speech, Spent};
use crate::state::State;
use crate::stats::InFlight;
use crate::stream::Telling;
use crate::whole;
use crate::wire::Setting;

/// The page of a proxy whose upstream failed.
const BAD_GATEWAY: &str = "<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n\
    <center><h1>502 Bad Gateway</h1></center>\n</body>\n</html>\n";

/// A request for an answer, as it came.
pub(crate) struct Call {
    state: Arc<State>,
    connection: Connection,
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
    body: Result<Bytes, BytesRejection>,
}

/// A request that can be answered, and what with.
struct Ask {
    format: Format,
    draft: Draft,
    script: Script,
    request_id: String,
}

impl FromRequest<Arc<State>> for Call {
    type Rejection = std::convert::Infallible;

    async fn from_request(request: Request, state: &Arc<State>) -> Result<Self, Self::Rejection> {
        let connection = request.extensions().get::<Connection>();
        Ok(Self {
            state: Arc::clone(state),
            connection: connection.cloned().unwrap_or_default(),
            headers: request.headers().clone(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            body: Bytes::from_request(request, state).await,
        })
    }
}

impl Call {
    /// Answers in a format whose requests `read` understands.
    pub(crate) async fn answer(
        self,
        format: Format,
        read: impl FnOnce(&Self, Fields) -> Result<Draft, Problem>,
    ) -> Response {
        let request_id = limits::request_id();
        let chosen = self
            .fields()
            .and_then(|fields| read(&self, fields))
            .and_then(|mut draft| {
                let script = draft.choose_script(&self.state, &self.headers, format)?;
                Ok((draft, script))
            });
        let (draft, mut script) = match chosen {
            Ok(chosen) => chosen,
            Err(problem) => return self.refuse(format, &problem, &request_id),
        };
        let objection = draft.objection(&script, format.key_of(&self.headers, &self.query));
        if objection.is_none() {
            let met = meet_fault(
                &mut script,
                &self.state,
                &self.headers,
                &draft.model,
                format,
            );
            if let Err(problem) = met {
                return self.refuse(format, &problem, &request_id);
            }
        }
        self.state.log(format, &draft);
        let flight = self.state.counters.begin(&draft.model, format.name());
        let ask = Ask {
            format,
            draft,
            script,
            request_id,
        };
        match objection {
            Some(objection) => {
                flight.failed();
                ask.refuse(&format.words(&objection))
            }
            None => ask.answer(flight, self.connection).await,
        }
    }

    fn fields(&self) -> Result<Fields, Problem> {
        match &self.body {
            Ok(body) => Fields::read(body),
            Err(rejection) => Err(Problem::new(
                rejection.status().as_u16(),
                rejection.body_text(),
            )),
        }
    }

    /// Refuses a request that asks no known model.
    fn refuse(&self, format: Format, problem: &Problem, request_id: &str) -> Response {
        self.state.counters.refused(format.name());
        refuse(format, problem, request_id)
    }
}

/// The response that tells of a problem.
pub(crate) fn refuse(format: Format, problem: &Problem, request_id: &str) -> Response {
    let mut response = format.refuse(problem, request_id);
    limits::mark(response.headers_mut(), format, request_id, None);
    response
}

impl Ask {
    /// Answers as the script says.
    async fn answer(self, flight: InFlight, connection: Connection) -> Response {
        let Self { draft, script, .. } = &self;
        let words = conversation::words(script, &draft.model, &draft.turns);
        let speech = Speech::new(script, words);
        let limit = draft.limit.unwrap_or(u64::MAX);
        let fault = match &script.fault {
            None => None,
            Some(fault) => match fault.position(draft.stream, || speech.total().min(limit)) {
                None => return self.without_answer(fault, flight, &connection).await,
                Some(position) => Some((position, fault.clone())),
            },
        };
        let telling = Telling {
            format: self.format,
            speech,
            pace: Pace::new(script),
            chunk_tokens: script.chunk_tokens.unwrap_or(1),
            limit,
            finish_reason: script.finish_reason.clone(),
            hangs: script.hang_after_end,
            spent: Spent::of_prompt(draft.prompt_tokens(), script),
            fault,
            flight,
            connection,
        };
        let setting = Setting {
            script,
            model: &draft.model,
            include_usage: draft.include_usage,
            array: draft.array,
        };
        if !draft.stream {
            let response = whole::respond(telling, &setting, &self.request_id).await;
            return self.marked(response, None);
        }
        let wire = self.format.wire(&setting);
        let body = telling.into_body(wire, script.split_bytes);
        let headers = [
            (header::CONTENT_TYPE, self.format.stream_type(draft.array)),
            (header::CACHE_CONTROL, "no-cache"),
        ];
        self.marked((headers, body).into_response(), None)
    }

    /// What happens instead of an answer.
    async fn without_answer(
        &self,
        fault: &Fault,
        flight: InFlight,
        connection: &Connection,
    ) -> Response {
        match fault.kind {
            FaultKind::Silence => {
                // Dropped, and counted, when the caller closes.
                let _flight = flight;
                pending().await
            }
            FaultKind::Html => {
                flight.failed();
                (StatusCode::BAD_GATEWAY, Html(BAD_GATEWAY)).into_response()
            }
            FaultKind::Reset => {
                flight.failed();
                connection.end_by_reset();
                let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
                response.extensions_mut().insert(NoAnswer);
                response
            }
            FaultKind::ContextTooLong => {
                flight.failed();
                let objection = self.draft.too_long(&self.script);
                self.refuse(&self.format.words(&objection).reworded(fault))
            }
            FaultKind::RefusedContent => {
                flight.failed();
                self.refuse(&self.format.words(&Objection::Content).reworded(fault))
            }
            _ => {
                flight.failed();
                self.refuse(&Problem::scripted(fault))
            }
        }
    }

    fn refuse(&self, problem: &Problem) -> Response {
        let response = self.format.refuse(problem, &self.request_id);
        self.marked(response, Some(problem))
    }

    /// The response with the headers that all of a script's have.
    fn marked(&self, mut response: Response, problem: Option<&Problem>) -> Response {
        let used_up = problem
            .filter(|problem| problem.status == 429 && self.format == Format::Anthropic)
            .map(|problem| limits::used_up(problem.wait_ms()));
        let limit = self.script.rate_limit.as_ref().or(used_up.as_ref());
        limits::mark(response.headers_mut(), self.format, &self.request_id, limit);
        response
    }
}
