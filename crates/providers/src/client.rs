//! The HTTP clients that all providers share.

use std::{collections::HashMap, net::IpAddr, time::Duration};

use reqwest::{Client, Url, redirect::Policy};

const USER_AGENT: &str = concat!("rivulet/", env!("CARGO_PKG_VERSION"));

/// Hands out HTTP clients, and with them connection pools. Providers that can
/// share one do: a client costs the reading of the system's certificates.
#[derive(Debug, Default)]
pub struct Clients {
    made: HashMap<Flavour, Client>,
}

/// What a client is set to for its whole life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Flavour {
    connect: Duration,
    /// A peer on this machine is never asked through a proxy.
    loopback: bool,
    /// No TLS will be spoken, so no certificates are needed: the demo model
    /// works where there are none.
    plain: bool,
}

impl Clients {
    /// A client for calls to this address, which gives up connecting after
    /// `connect`. Proxies of the environment are used except on loopback.
    ///
    /// # Errors
    /// Where TLS cannot be set up, such as without any system certificates.
    pub fn for_address(
        &mut self,
        base_url: &Url,
        connect: Duration,
    ) -> Result<Client, reqwest::Error> {
        let loopback = is_loopback(base_url);
        let flavour = Flavour {
            connect,
            loopback,
            plain: loopback && base_url.scheme() == "http",
        };
        if let Some(client) = self.made.get(&flavour) {
            return Ok(client.clone());
        }
        let client = build(flavour)?;
        self.made.insert(flavour, client.clone());
        Ok(client)
    }
}

fn build(flavour: Flavour) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .connect_timeout(flavour.connect)
        // Nagle's algorithm costs 40 ms wherever it meets a delayed ACK.
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        .pool_idle_timeout(Duration::from_secs(90))
        // A redirected POST would become a GET; the operator is told instead.
        .redirect(Policy::none());
    if flavour.loopback {
        builder = builder.no_proxy();
    }
    if flavour.plain {
        builder = builder.tls_certs_only([]);
    }
    builder.build()
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || host.ends_with(".localhost")
        || address
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for (address, expected) in [
            ("http://127.0.0.1:11434/v1", true),
            ("http://localhost:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1/v1", false),
            ("https://api.openai.com/v1", false),
        ] {
            assert_eq!(
                is_loopback(&address.parse().unwrap()),
                expected,
                "{address}"
            );
        }
    }
}
