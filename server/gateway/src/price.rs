//! What tokens cost, per model.
//!
//! The prices are Anthropic's list prices as LiteLLM's table has them. A model is found by its name without a date
//! suffix; one that is not in the table costs nothing here, and a warning says so.

use std::collections::BTreeSet;
use std::sync::Mutex;

/// Where the upper prices of some models begin, in tokens of one kind.
const UPPER_FROM: u64 = 200_000;

/// Tokens of one request, by what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Tokens {
    pub(crate) input: u64,
    pub(crate) output: u64,
    pub(crate) cache_read: u64,
    /// Written to the cache for five minutes.
    pub(crate) cache_write_5m: u64,
    /// Written to the cache for an hour.
    pub(crate) cache_write_1h: u64,
    /// Whether the answer was of the fast kind.
    pub(crate) fast: bool,
}

/// Prices in hundredths of a dollar per million tokens, which is hundredths of a millionth of a dollar per token.
#[derive(Debug, Clone, Copy)]
struct Rates {
    input: u64,
    output: u64,
    cache_write: u64,
    cache_read: u64,
}

struct Price {
    model: &'static str,
    base: Rates,
    upper: Option<Rates>,
    fast_factor: u64,
}

const fn rates(input: u64, output: u64, cache_write: u64, cache_read: u64) -> Rates {
    Rates {
        input,
        output,
        cache_write,
        cache_read,
    }
}

const fn price(model: &'static str, base: Rates) -> Price {
    Price {
        model,
        base,
        upper: None,
        fast_factor: 1,
    }
}

const OPUS: Rates = rates(500, 2500, 625, 50);
const OPUS_4: Rates = rates(1500, 7500, 1875, 150);
const SONNET: Rates = rates(300, 1500, 375, 30);
const SONNET_UPPER: Rates = rates(600, 2250, 750, 60);
const HAIKU: Rates = rates(100, 500, 125, 10);

const PRICES: &[Price] = &[
    price("claude-opus-4-5", OPUS),
    Price {
        fast_factor: 6,
        ..price("claude-opus-4-6", OPUS)
    },
    Price {
        fast_factor: 6,
        ..price("claude-opus-4-7", OPUS)
    },
    Price {
        fast_factor: 2,
        ..price("claude-opus-4-8", OPUS)
    },
    price("claude-opus-4", OPUS_4),
    price("claude-opus-4-1", OPUS_4),
    Price {
        upper: Some(SONNET_UPPER),
        ..price("claude-sonnet-4", SONNET)
    },
    Price {
        upper: Some(SONNET_UPPER),
        ..price("claude-sonnet-4-5", SONNET)
    },
    price("claude-sonnet-4-6", SONNET),
    price("claude-haiku-4-5", HAIKU),
];

/// Returns the cost in millionths of a dollar; zero, with one warning per model, when the model's price is not known.
pub(crate) fn cost_micros(model: &str, tokens: Tokens) -> u64 {
    let Some(price) = find(model) else {
        warn_once(model);
        return 0;
    };
    let Rates {
        input,
        output,
        cache_write,
        cache_read,
    } = price.base;
    let upper = price.upper.unwrap_or(price.base);
    let sum = tiered(tokens.input, input, upper.input)
        .saturating_add(tiered(tokens.output, output, upper.output))
        .saturating_add(tiered(tokens.cache_read, cache_read, upper.cache_read))
        .saturating_add(tiered(tokens.cache_write_5m, cache_write, upper.cache_write))
        .saturating_add(tiered(tokens.cache_write_1h, 2 * input, 2 * upper.input));
    let factor = if tokens.fast { price.fast_factor } else { 1 };
    sum.saturating_mul(factor).saturating_add(50) / 100
}

fn tiered(count: u64, base: u64, upper: u64) -> u64 {
    let below = count.min(UPPER_FROM);
    below
        .saturating_mul(base)
        .saturating_add((count - below).saturating_mul(upper))
}

/// Finds the longest entry that `model` begins with, unless a further version number follows it.
fn find(model: &str) -> Option<&'static Price> {
    let name = model.rsplit('/').next().unwrap_or(model);
    PRICES
        .iter()
        .filter(|price| name.strip_prefix(price.model).is_some_and(is_variant))
        .max_by_key(|price| price.model.len())
}

/// Whether what follows a known name makes it a variant of that model and not another version.
fn is_variant(suffix: &str) -> bool {
    let Some(rest) = suffix.strip_prefix(['-', '@']) else {
        return suffix.is_empty() || suffix.starts_with('[');
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    digits == 0 || digits == 8
}

fn warn_once(model: &str) {
    static WARNED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    const MOST: usize = 256;
    let mut warned = WARNED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if warned.len() < MOST && warned.insert(model.to_owned()) {
        tracing::warn!(model = %model.escape_debug(), "The price of this model is not known; its cost is counted as zero.");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLION: u64 = 1_000_000;

    #[test]
    fn a_million_tokens_cost_what_the_list_says() {
        let each = |tokens: Tokens| cost_micros("claude-opus-4-8", tokens);
        assert_eq!(
            each(Tokens {
                input: MILLION,
                ..Tokens::default()
            }),
            5 * MILLION
        );
        assert_eq!(
            each(Tokens {
                output: MILLION,
                ..Tokens::default()
            }),
            25 * MILLION
        );
        assert_eq!(
            each(Tokens {
                cache_read: MILLION,
                ..Tokens::default()
            }),
            MILLION / 2
        );
        assert_eq!(
            each(Tokens {
                cache_write_5m: MILLION,
                ..Tokens::default()
            }),
            6_250_000
        );
        assert_eq!(
            each(Tokens {
                cache_write_1h: MILLION,
                ..Tokens::default()
            }),
            10 * MILLION
        );
        assert_eq!(
            each(Tokens {
                input: MILLION,
                fast: true,
                ..Tokens::default()
            }),
            10 * MILLION
        );
    }

    #[test]
    fn names_find_their_price() {
        let input = Tokens {
            input: 100_000,
            ..Tokens::default()
        };
        for (model, micros) in [
            ("claude-opus-4-8", 500_000),
            ("claude-opus-4-8[1m]", 500_000),
            ("claude-opus-4-5-20251101", 500_000),
            ("claude-opus-4-20250514", 1_500_000),
            ("claude-opus-4-1-20250805", 1_500_000),
            ("claude-sonnet-4-6", 300_000),
            ("claude-sonnet-4@20250514", 300_000),
            ("anthropic/claude-haiku-4-5-latest", 100_000),
            ("claude-opus-4-9", 0),
            ("claude-opus-40", 0),
            ("qwen3", 0),
            ("", 0),
        ] {
            assert_eq!(cost_micros(model, input), micros, "{model}");
        }
    }

    #[test]
    fn upper_prices_begin_above_two_hundred_thousand() {
        let cost = |input| {
            cost_micros(
                "claude-sonnet-4-5",
                Tokens {
                    input,
                    ..Tokens::default()
                },
            )
        };
        assert_eq!(cost(200_000), 600_000);
        assert_eq!(cost(300_000), 1_200_000);
    }

    #[test]
    fn a_hostile_count_does_not_overflow() {
        let all = Tokens {
            input: u64::MAX,
            output: u64::MAX,
            cache_read: u64::MAX,
            cache_write_5m: u64::MAX,
            cache_write_1h: u64::MAX,
            fast: true,
        };
        assert!(cost_micros("claude-opus-4-6", all) > 0);
    }
}
