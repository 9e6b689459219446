//! How long a provider may take. The clock of the whole turn is the engine's.

use std::time::Duration;

/// The longest a provider may take for each step of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clocks {
    /// Until the connection stands: name lookup, TCP and TLS together.
    pub connect: Duration,
    /// From the request until the first byte of the answer's body.
    pub first_byte: Duration,
    /// Between two bytes of the answer. Pings and comments count as life.
    pub silence: Duration,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first_byte: Duration::from_secs(120),
            silence: Duration::from_secs(60),
        }
    }
}
