//! Money and prices, in exact decimals. The arithmetic on them is the
//! gateway's (`crates/gateway/src/cost.rs`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Decimals of a dollar that an amount can have.
const DECIMALS: usize = 12;

/// An exact amount of US dollars, counted in picodollars (10⁻¹² dollars): a
/// token at a price per million tokens with six decimals is a whole number of
/// them. On the wire it is a decimal number in a string, so that no reader
/// rounds it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Usd(i64);

impl Usd {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many picodollars.
    #[must_use]
    pub const fn from_picodollars(picodollars: i64) -> Self {
        Self(picodollars)
    }

    /// The amount in picodollars.
    #[must_use]
    pub const fn picodollars(self) -> i64 {
        self.0
    }

    /// The amount for people: "$0.0042", with two digits that matter below a
    /// cent and two decimals from a dollar on. Rounded, half away from zero.
    #[must_use]
    pub fn spoken(self) -> String {
        let amount = self.0.unsigned_abs();
        let decimals = match amount {
            0 => 0,
            1..10_000_000 => 7,
            10_000_000..100_000_000 => 6,
            100_000_000..1_000_000_000 => 5,
            1_000_000_000..1_000_000_000_000 => 4,
            _ => 2,
        };
        let step = 10_u64.pow((DECIMALS - decimals) as u32);
        let steps = amount.saturating_add(step / 2) / step;
        let scale = 10_u64.pow(decimals as u32);
        let sign = if self.0 < 0 { "-" } else { "" };
        match decimals {
            0 => format!("{sign}${}", steps / scale),
            _ => format!("{sign}${}.{:0decimals$}", steps / scale, steps % scale),
        }
    }
}

impl fmt::Display for Usd {
    /// Plain decimals without trailing zeros: `0.0042`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let amount = self.0.unsigned_abs();
        let (whole, rest) = (amount / 1_000_000_000_000, amount % 1_000_000_000_000);
        let sign = if self.0 < 0 { "-" } else { "" };
        if rest == 0 {
            return write!(f, "{sign}{whole}");
        }
        let decimals = format!("{rest:0DECIMALS$}");
        write!(f, "{sign}{whole}.{}", decimals.trim_end_matches('0'))
    }
}

/// What is wrong with a text that should be an amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAnAmount;

impl fmt::Display for NotAnAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an amount of US dollars with at most 12 decimals")
    }
}

impl std::error::Error for NotAnAmount {}

impl FromStr for Usd {
    type Err = NotAnAmount;

    /// Reads a decimal number, with or without an exponent. Refuses what it
    /// cannot keep exactly.
    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        scaled(text.trim(), DECIMALS as i32)
            .map(Self)
            .ok_or(NotAnAmount)
    }
}

/// The decimal number in `text` times 10 to the power of `decimals`, where
/// that is a whole number that fits.
fn scaled(text: &str, decimals: i32) -> Option<i64> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        value = value.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    let mut shift = decimals
        .checked_add(exponent)?
        .checked_sub(fraction.len() as i32)?;
    while shift < 0 && value % 10 == 0 && value != 0 {
        value /= 10;
        shift += 1;
    }
    if value != 0 {
        value = match shift {
            0..=30 => value.checked_mul(10_i128.pow(shift as u32))?,
            _ => return None,
        };
    }
    let value = i64::try_from(value).ok()?;
    Some(if negative { -value } else { value })
}

impl Serialize for Usd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

/// What a model costs, in US dollars per million tokens. A missing price is
/// unknown, which is not zero.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Tokens of the request.
    pub input: Usd,
    /// Tokens of the answer.
    pub output: Usd,
    /// Tokens of the request read from the provider's cache; as `input` where
    /// it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached_input: Option<Usd>,
    /// Tokens of the request written to the provider's cache; as `input`
    /// where it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<Usd>,
    /// Tokens of thinking; as `output` where it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thinking: Option<Usd>,
    /// When the price was read, and from where: `2026-11-20`,
    /// `configuration`.
    pub as_of: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_exactly() {
        for (text, picodollars, plain, spoken) in [
            ("0", 0, "0", "$0"),
            ("1.5e-07", 150_000, "0.00000015", "$0.0000002"),
            ("0.0042", 4_200_000_000, "0.0042", "$0.0042"),
            ("3", 3_000_000_000_000, "3", "$3.00"),
            ("12.345", 12_345_000_000_000, "12.345", "$12.35"),
            ("-0.5", -500_000_000_000, "-0.5", "-$0.5000"),
            ("0.000000000001", 1, "0.000000000001", "$0.0000000"),
            ("1e3", 1_000_000_000_000_000, "1000", "$1000.00"),
            (".25", 250_000_000_000, "0.25", "$0.2500"),
        ] {
            let usd: Usd = text.parse().unwrap();
            assert_eq!(usd.picodollars(), picodollars, "{text}");
            assert_eq!(usd.to_string(), plain, "{text}");
            assert_eq!(usd.spoken(), spoken, "{text}");
            let json = serde_json::to_string(&usd).unwrap();
            assert_eq!(serde_json::from_str::<Usd>(&json).unwrap(), usd);
        }
        for text in [
            "",
            ".",
            "-",
            "1,5",
            "1e",
            "1e99",
            "0.0000000000001",
            "NaN",
            "99999999999",
        ] {
            assert_eq!(text.parse::<Usd>(), Err(NotAnAmount), "{text}");
        }
    }
}
