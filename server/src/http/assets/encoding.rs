//! Which representation of a file to send: RFC 9110, section 12.5.3.

use axum::http::{HeaderMap, header};
use serde::Deserialize;

/// A content coding in which files are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encoding {
    Br,
    Gzip,
}

impl Encoding {
    /// As HTTP calls it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Br => "br",
            Self::Gzip => "gzip",
        }
    }

    /// What the name of the encoded file ends with.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Br => ".br",
            Self::Gzip => ".gz",
        }
    }
}

/// The encoding, of those available, that the client prefers; between equals
/// the one named first in `available`. `None` is the file as it is: also
/// when the client forbids even that, since an answer it may not like is
/// better than none.
pub(super) fn best(request: &HeaderMap, available: &[Encoding]) -> Option<Encoding> {
    let accepted = Accepted::read(request);
    let mut best = None;
    // Whoever names encodings wants one, even without forbidding the plain
    // file; but a weight given to the plain file counts.
    let mut best_weight = accepted.weight("identity").unwrap_or(0.0);
    for &encoding in available {
        let weight = accepted.weight(encoding.name()).unwrap_or(0.0);
        let ties_with_identity = best.is_none() && weight == best_weight;
        if weight > 0.0 && (weight > best_weight || ties_with_identity) {
            best = Some(encoding);
            best_weight = weight;
        }
    }
    best
}

/// The codings of `Accept-Encoding` with their weights, 0 to 1.
struct Accepted(Vec<(String, f32)>);

impl Accepted {
    fn read(request: &HeaderMap) -> Self {
        let codings = request
            .get_all(header::ACCEPT_ENCODING)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .filter_map(coding)
            .collect();
        Self(codings)
    }

    /// The weight of a coding: its own, or that of `*`, or none.
    fn weight(&self, name: &str) -> Option<f32> {
        let find = |name| self.0.iter().find(|(coding, _)| coding == name);
        find(name).or_else(|| find("*")).map(|(_, weight)| *weight)
    }
}

/// Reads `gzip` or `gzip;q=0.5`; anything else is as if it were not there.
fn coding(text: &str) -> Option<(String, f32)> {
    let (name, weight) = match text.split_once(';') {
        None => (text, 1.0),
        Some((name, parameter)) => {
            let (key, value) = parameter.split_once('=')?;
            if !key.trim().eq_ignore_ascii_case("q") {
                return None;
            }
            let weight: f32 = value.trim().parse().ok()?;
            (name, weight.clamp(0.0, 1.0))
        }
    };
    Some((name.trim().to_ascii_lowercase(), weight))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn check(accept: &str, available: &[Encoding], expected: Option<Encoding>) {
        let value = HeaderValue::from_str(accept).unwrap();
        let request = HeaderMap::from_iter([(header::ACCEPT_ENCODING, value)]);
        assert_eq!(
            best(&request, available),
            expected,
            "{accept:?} of {available:?}"
        );
    }

    #[test]
    fn the_client_chooses() {
        use Encoding::{Br, Gzip};
        let both = [Br, Gzip];
        check("gzip, deflate, br", &both, Some(Br));
        check("gzip, deflate", &both, Some(Gzip));
        check("GZIP", &both, Some(Gzip));
        check("br;q=0.5, gzip;q=0.8", &both, Some(Gzip));
        check("br ; q=0.001", &both, Some(Br));
        check("br;q=0, gzip", &both, Some(Gzip));
        check("*", &both, Some(Br));
        check("*;q=0.5, br;q=0", &both, Some(Gzip));
        check("identity, br;q=0.5", &both, None);
        check("identity;q=0.5, br", &both, Some(Br));
        check("identity;q=0", &both, None);
        check("deflate, zstd", &both, None);
        check("", &both, None);
        check("br", &[Gzip], None);
        check("br, gzip", &[], None);
    }

    #[test]
    fn nonsense_is_as_if_it_were_not_there() {
        use Encoding::{Br, Gzip};
        check("br;q=high, gzip", &[Br, Gzip], Some(Gzip));
        check("br;q=NaN, gzip", &[Br, Gzip], Some(Gzip));
        check("br;level=11, gzip", &[Br, Gzip], Some(Gzip));
        check(";;;,,=,q", &[Br, Gzip], None);
        check("br;q=9, gzip;q=-9", &[Br, Gzip], Some(Br));
    }

    #[test]
    fn several_header_lines_are_one_list() {
        let mut request = HeaderMap::new();
        for value in ["gzip;q=0.5", "br"] {
            request.append(header::ACCEPT_ENCODING, HeaderValue::from_static(value));
        }
        assert_eq!(
            best(&request, &[Encoding::Br, Encoding::Gzip]),
            Some(Encoding::Br)
        );
    }

    #[test]
    fn without_the_header_the_file_is_sent_as_it_is() {
        assert_eq!(best(&HeaderMap::new(), &[Encoding::Br]), None);
    }
}
