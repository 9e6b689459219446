//! What a request costs: the only arithmetic on money.
//!
//! A price is in picodollars (10⁻¹² dollars) per million tokens, so tokens
//! times price is in 10⁻¹⁸ dollars. Everything is added up at that precision
//! and rounded to whole picodollars once, at the end, half up; a price with at
//! most six decimals of a dollar per million tokens leaves nothing to round.
//! What does not fit saturates.

use protocol::{Price, Usage, Usd};

/// Tokens that a price is for.
const TOKENS_PER_PRICE: i128 = 1_000_000;

/// What an answer cost, or `None` where the price is unknown, or the tokens of
/// a side (request or answer) that is not free.
///
/// Tokens read from or written to the provider's cache are a part of `input`,
/// those of thinking a part of `output`; where a part is reported larger than
/// the whole, it is the whole. A part without a price of its own costs what
/// the whole does.
#[must_use]
pub fn cost(usage: &Usage, price: Option<&Price>) -> Option<Usd> {
    let price = price?;
    let cached_price = price.cached_input.unwrap_or(price.input);
    let write_price = price.cache_write.unwrap_or(price.input);
    let thinking_price = price.thinking.unwrap_or(price.output);

    let request = match usage.input {
        Some(input) => {
            let cached = usage.cached.unwrap_or(0).min(input);
            let written = usage.cache_write.unwrap_or(0).min(input - cached);
            amount(input - cached - written, price.input)
                .saturating_add(amount(cached, cached_price))
                .saturating_add(amount(written, write_price))
        }
        None => free(&[price.input, cached_price, write_price])?,
    };
    let answer = match usage.output {
        Some(output) => {
            let thinking = usage.thinking.unwrap_or(0).min(output);
            amount(output - thinking, price.output).saturating_add(amount(thinking, thinking_price))
        }
        None => free(&[price.output, thinking_price])?,
    };
    Some(rounded(request.saturating_add(answer)))
}

/// What a request of so many tokens would cost, if nothing of it is in the
/// provider's cache. Thinking counts as output.
#[must_use]
pub fn estimate(input_tokens: u64, output_tokens: u64, price: &Price) -> Usd {
    let request = amount(input_tokens, price.input);
    rounded(request.saturating_add(amount(output_tokens, price.output)))
}

/// How many tokens of output an amount pays for, once the request's tokens are
/// paid; any number where output is free.
#[must_use]
pub fn affordable(most: Usd, input_tokens: u64, price: &Price) -> u64 {
    let dearest = price.thinking.unwrap_or(price.output).max(price.output);
    if dearest <= Usd::ZERO {
        return u64::MAX;
    }
    let left = i128::from(most.picodollars())
        .saturating_mul(TOKENS_PER_PRICE)
        .saturating_sub(amount(input_tokens, price.input));
    let tokens = left.max(0) / i128::from(dearest.picodollars());
    u64::try_from(tokens).unwrap_or(u64::MAX)
}

/// All of them together; unknown where one of them is.
#[must_use]
pub fn sum(costs: impl IntoIterator<Item = Option<Usd>>) -> Option<Usd> {
    costs.into_iter().try_fold(Usd::ZERO, |sum, cost| {
        let sum = sum.picodollars().saturating_add(cost?.picodollars());
        Some(Usd::from_picodollars(sum))
    })
}

/// How much more `more` is than `less`.
#[must_use]
pub fn difference(more: Usd, less: Usd) -> Usd {
    Usd::from_picodollars(more.picodollars().saturating_sub(less.picodollars()))
}

/// So many tokens at a price, in 10⁻¹⁸ dollars.
fn amount(tokens: u64, price: Usd) -> i128 {
    i128::from(tokens).saturating_mul(i128::from(price.picodollars()))
}

/// Nothing, where unknown tokens cost nothing.
fn free(prices: &[Usd]) -> Option<i128> {
    prices.iter().all(|&price| price == Usd::ZERO).then_some(0)
}

/// An amount in 10⁻¹⁸ dollars, in whole picodollars.
fn rounded(amount: i128) -> Usd {
    let whole = amount
        .saturating_add(TOKENS_PER_PRICE / 2)
        .div_euclid(TOKENS_PER_PRICE);
    let limits = (i128::from(i64::MIN), i128::from(i64::MAX));
    let whole = whole.clamp(limits.0, limits.1);
    Usd::from_picodollars(i64::try_from(whole).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(text: &str) -> Usd {
        text.parse().unwrap()
    }

    fn price(input: &str, output: &str) -> Price {
        Price {
            input: usd(input),
            output: usd(output),
            ..Price::default()
        }
    }

    fn usage(input: u64, output: u64) -> Usage {
        Usage {
            input: Some(input),
            output: Some(output),
            ..Usage::default()
        }
    }

    /// Numbers without a pattern, the same in every run.
    fn numbers() -> impl Iterator<Item = u64> {
        let mut state = 1_u64;
        std::iter::repeat_with(move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            state >> (33 + state % 29)
        })
    }

    #[test]
    fn each_part_has_its_price() {
        let price = Price {
            cached_input: Some(usd("0.3")),
            cache_write: Some(usd("3.75")),
            thinking: Some(usd("20")),
            ..price("3", "15")
        };
        let mut usage = usage(1000, 500);
        assert_eq!(cost(&usage, Some(&price)), Some(usd("0.0105")));
        usage.cached = Some(600);
        // 400 × 3 + 600 × 0.3 + 500 × 15, in millionths of a dollar.
        assert_eq!(cost(&usage, Some(&price)), Some(usd("0.00888")));
        usage.cache_write = Some(100);
        assert_eq!(cost(&usage, Some(&price)), Some(usd("0.008955")));
        usage.thinking = Some(200);
        assert_eq!(cost(&usage, Some(&price)), Some(usd("0.009955")));
    }

    #[test]
    fn a_part_without_a_price_costs_what_the_whole_does() {
        let price = price("2.5", "10");
        let whole = usage(1234, 567);
        let parts = Usage {
            cached: Some(1000),
            cache_write: Some(99),
            thinking: Some(400),
            ..whole
        };
        assert_eq!(cost(&whole, Some(&price)), Some(usd("0.008755")));
        assert_eq!(cost(&parts, Some(&price)), cost(&whole, Some(&price)));
        assert_eq!(estimate(1234, 567, &price), usd("0.008755"));
    }

    #[test]
    fn a_part_is_not_larger_than_the_whole() {
        let price = Price {
            cached_input: Some(usd("1")),
            cache_write: Some(usd("100")),
            thinking: Some(usd("30")),
            ..price("2", "20")
        };
        let usage = Usage {
            cached: Some(u64::MAX),
            cache_write: Some(u64::MAX),
            thinking: Some(u64::MAX),
            ..usage(1_000_000, 1_000_000)
        };
        assert_eq!(cost(&usage, Some(&price)), Some(usd("31")));
    }

    #[test]
    fn unknown_stays_unknown_unless_it_is_free() {
        let known = usage(10, 10);
        let no_output = Usage {
            output: None,
            ..known
        };
        let no_input = Usage {
            input: None,
            ..known
        };
        assert_eq!(cost(&known, None), None);
        assert_eq!(cost(&no_output, Some(&price("1", "2"))), None);
        assert_eq!(cost(&no_input, Some(&price("1", "2"))), None);
        assert_eq!(
            cost(&no_output, Some(&price("1", "0"))),
            Some(usd("0.00001"))
        );
        assert_eq!(
            cost(&no_input, Some(&price("0", "2"))),
            Some(usd("0.00002"))
        );
        assert_eq!(
            cost(&Usage::default(), Some(&price("0", "0"))),
            Some(Usd::ZERO)
        );
        let dear_writes = Price {
            cache_write: Some(usd("1")),
            ..price("0", "2")
        };
        assert_eq!(cost(&no_input, Some(&dear_writes)), None);
        assert_eq!(cost(&usage(0, 0), Some(&price("1", "2"))), Some(Usd::ZERO));
    }

    #[test]
    fn rounding_is_once_and_half_up() {
        // 0.5 picodollars a token of the request, 0.4 of the answer.
        let fine = price("0.0000005", "0.0000004");
        let picodollars = |input, output| {
            let cost = cost(&usage(input, output), Some(&fine)).unwrap();
            cost.picodollars()
        };
        assert_eq!(picodollars(1, 0), 1);
        assert_eq!(picodollars(0, 1), 0);
        assert_eq!(picodollars(2, 0), 1);
        // 0.5 + 0.8; rounded by itself, each would be one.
        assert_eq!(picodollars(1, 2), 1);
        let credit = price("-0.0000005", "-0.0000006");
        assert_eq!(estimate(1, 0, &credit).picodollars(), 0);
        assert_eq!(estimate(0, 1, &credit).picodollars(), -1);
    }

    #[test]
    fn what_does_not_fit_saturates() {
        let most = Usd::from_picodollars(i64::MAX);
        let least = Usd::from_picodollars(i64::MIN);
        for (price_of_all, expected) in [(most, most), (least, least)] {
            let price = Price {
                input: price_of_all,
                output: price_of_all,
                ..Price::default()
            };
            assert_eq!(estimate(u64::MAX, u64::MAX, &price), expected);
            assert_eq!(
                cost(&usage(u64::MAX, u64::MAX), Some(&price)),
                Some(expected)
            );
            assert_eq!(
                sum([Some(price_of_all), Some(price_of_all)]),
                Some(expected)
            );
        }
    }

    #[test]
    fn a_sum_with_an_unknown_is_unknown() {
        assert_eq!(sum([]), Some(Usd::ZERO));
        assert_eq!(sum([Some(usd("0.1")), Some(usd("0.2"))]), Some(usd("0.3")));
        assert_eq!(sum([Some(usd("0.1")), None]), None);
    }

    #[test]
    fn costs_are_exact_and_grow_with_tokens() {
        let mut numbers = numbers();
        let mut number = |limit: u64| numbers.next().unwrap() % limit;
        for _ in 0..10_000 {
            // Prices with six decimals: whole picodollars a token.
            let mut some_price = || Usd::from_picodollars(number(1_000_000_000) as i64 * 1_000_000);
            let price = Price {
                input: some_price(),
                output: some_price(),
                cached_input: Some(some_price()),
                cache_write: Some(some_price()),
                thinking: Some(some_price()),
                as_of: String::new(),
            };
            let plain = usage(number(1 << 20), number(1 << 20));
            let split = Usage {
                cached: Some(number(1 << 20)),
                cache_write: Some(number(1 << 20)),
                thinking: Some(number(1 << 20)),
                ..plain
            };
            let (input, output) = (plain.input.unwrap(), plain.output.unwrap());
            let cost_of = |usage: &Usage| cost(usage, Some(&price)).unwrap();

            let per_token = |usd: Usd| usd.picodollars() / 1_000_000;
            let by_hand =
                input as i64 * per_token(price.input) + output as i64 * per_token(price.output);
            assert_eq!(cost_of(&plain).picodollars(), by_hand);
            assert_eq!(cost_of(&plain), estimate(input, output, &price));

            let one_more = Usage {
                input: Some(input + 1),
                ..split
            };
            assert!(cost_of(&one_more) >= cost_of(&split));

            let prices = [
                price.input,
                price.cached_input.unwrap(),
                price.cache_write.unwrap(),
            ];
            let (least, most) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
            let request = cost_of(&Usage {
                output: Some(0),
                ..split
            });
            assert!(
                request
                    >= estimate(
                        input,
                        0,
                        &Price {
                            input: *least,
                            ..price.clone()
                        }
                    )
            );
            assert!(
                request
                    <= estimate(
                        input,
                        0,
                        &Price {
                            input: *most,
                            ..price.clone()
                        }
                    )
            );
        }
    }

    #[test]
    fn an_amount_pays_for_so_many_tokens_and_no_more() {
        let price = Price {
            input: "1".parse().unwrap(),
            output: "2".parse().unwrap(),
            thinking: Some("4".parse().unwrap()),
            ..Price::default()
        };
        let most = |text: &str| text.parse().unwrap();
        assert_eq!(affordable(most("0.01"), 2_000, &price), 2_000);
        assert_eq!(affordable(most("0.001"), 2_000, &price), 0);
        assert_eq!(affordable(most("1"), 0, &Price::default()), u64::MAX);
        let tokens = affordable(most("0.01"), 2_000, &price);
        let usage = Usage {
            input: Some(2_000),
            output: Some(tokens),
            thinking: Some(tokens),
            ..Usage::default()
        };
        assert_eq!(cost(&usage, Some(&price)), Some(most("0.01")));
    }
}
