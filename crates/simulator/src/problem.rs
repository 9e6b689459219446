//! Why a request is not answered, before it is put in a provider's words.

use crate::script::Fault;

/// An error to answer with. Each format has its own body for it.
#[derive(Debug, Clone)]
pub(crate) struct Problem {
    pub(crate) status: u16,
    pub(crate) message: String,
    /// The parameter it is about.
    pub(crate) param: Option<String>,
    /// The provider's code, where it is not the one that goes with the status.
    pub(crate) code: Option<String>,
    /// Whether it is about the key, which Google says in a place of its own.
    pub(crate) is_about_key: bool,
    /// The value of the header `retry-after-ms`.
    pub(crate) retry_after_ms: Option<u64>,
    /// The value of the header `retry-after`.
    pub(crate) retry_after: Option<String>,
}

/// What a model objects to in a request that could be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Objection {
    /// There is no such model.
    UnknownModel(String),
    /// Another key is required than this one.
    WrongKey(Option<String>),
    /// It does not stream.
    Streaming,
    /// It does not go on from words put into its mouth.
    Prefill,
    /// It does not know this parameter.
    Parameter(String),
    /// The prompt has more tokens than fit.
    TooLong { tokens: u64, limit: u64 },
    /// It does not speak about this.
    Content,
}

impl Problem {
    /// An error with the code that goes with its status.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            param: None,
            code: None,
            is_about_key: false,
            retry_after_ms: None,
            retry_after: None,
        }
    }

    /// A request that cannot be taken as it is.
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, message)
    }

    /// The error a script asks for.
    pub(crate) fn scripted(fault: &Fault) -> Self {
        let message = fault.message.as_deref();
        Self {
            code: fault.code.clone(),
            retry_after_ms: fault.retry_after_ms,
            retry_after: fault.retry_after(),
            ..Self::new(
                fault.status.unwrap_or(500),
                message.unwrap_or("The simulator was told to fail."),
            )
        }
    }

    /// The same in a script's own words, where it has some.
    pub(crate) fn reworded(mut self, fault: &Fault) -> Self {
        if let Some(message) = &fault.message {
            self.message.clone_from(message);
        }
        if let Some(code) = &fault.code {
            self.code = Some(code.clone());
        }
        self.status = fault.status.unwrap_or(self.status);
        self
    }

    /// The same about a parameter of the request.
    pub(crate) fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The same with another code.
    pub(crate) fn with_code(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }

    /// The time to wait before another attempt, in milliseconds, where it was
    /// said as a number.
    pub(crate) fn wait_ms(&self) -> Option<u64> {
        self.retry_after_ms.or_else(|| {
            let seconds: f64 = self.retry_after.as_deref()?.parse().ok()?;
            (seconds >= 0.0).then_some((seconds * 1_000.0) as u64)
        })
    }
}

/// The beginning of a name somebody sent, for use in a message.
pub(crate) fn shown(name: &str) -> String {
    name.chars().take(100).collect()
}
