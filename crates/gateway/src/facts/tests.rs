use std::collections::HashSet;

use protocol::Usd;

use super::*;

fn usd(text: &str) -> Usd {
    text.parse().unwrap()
}

fn input_price(facts: Option<&Facts>) -> Option<Usd> {
    Some(facts?.price.as_ref()?.input)
}

#[test]
fn the_table_that_comes_with_us_is_sound() {
    assert!(
        table::BUILT_IN
            .lines()
            .take(3)
            .any(|line| line.contains(table::AS_OF))
    );
    let rows = table::read(table::BUILT_IN, table::AS_OF).unwrap();
    let lines = table::BUILT_IN
        .lines()
        .filter(|line| !line.starts_with('#'));
    assert_eq!(rows.len(), lines.count() - 1);

    let known: HashSet<&str> = "temperature top_p top_k presence_penalty frequency_penalty stop \
                                reasoning_effort"
        .split_whitespace()
        .collect();
    let mut keys = HashSet::new();
    for (family, model, facts) in &rows {
        let at = format!("{family}/{model}");
        assert!(keys.insert(at.clone()), "{at} is there twice");
        assert!(!family.is_empty() && !model.is_empty(), "{at}");
        assert_eq!(at.trim(), at);
        let price = facts.price.as_ref().unwrap();
        let parts = [
            (Some(price.input), "1000"),
            (Some(price.output), "1000"),
            (price.cached_input, "1000"),
            (price.cache_write, "1000"),
            (price.thinking, "1000"),
        ];
        for (part, most) in parts {
            let part = part.unwrap_or_default();
            assert!(part >= Usd::ZERO && part <= usd(most), "{at} costs {part}");
        }
        assert!(price.input <= price.output, "{at}");
        assert!(
            price
                .cached_input
                .is_none_or(|cached| cached <= price.input),
            "{at}"
        );
        assert!(
            price.cache_write.is_none_or(|write| write >= price.input),
            "{at}"
        );
        assert_eq!(price.as_of, "2026-11-20");
        for limit in [facts.context, facts.max_output].into_iter().flatten() {
            assert!((256..=20_000_000).contains(&limit), "{at} takes {limit}");
        }
        for refused in &facts.refuses {
            for parameter in refused.split('@') {
                assert!(known.contains(parameter), "{at} refuses {parameter}");
            }
        }
    }
}

#[test]
fn a_model_is_found_by_its_name_with_any_date() {
    let book = FactBook::built_in();
    let find = |family, model| input_price(book.find("p", Some(family), model));
    for (family, model, price) in [
        ("openai", "gpt-4o", Some("2.5")),
        ("openai", "gpt-4o-2024-05-13", Some("5")),
        ("openai", "gpt-4o-2099-01-01", Some("2.5")),
        ("openai", "gpt-4-1106-preview", Some("10")),
        // Neither gpt-4 nor any other model that is known.
        ("openai", "gpt-4-0125-preview", None),
        ("openai", "gpt-4o-realtime", None),
        ("anthropic", "claude-opus-4-8-20261231", Some("5")),
        ("gemini", "models/gemini-2.5-pro", Some("1.25")),
        ("gemini", "gemini-3-flash", Some("0.5")),
        ("mistral", "mistral-large", Some("0.5")),
        ("mistral", "mistral-small-2711", Some("0.15")),
        ("groq", "openai/gpt-oss-20b", Some("0.075")),
    ] {
        assert_eq!(find(family, model), price.map(usd), "{family} {model}");
    }
}

#[test]
fn another_sellers_price_is_unknown() {
    let book = FactBook::built_in();
    for (family, model, context, price) in [
        (None, "gpt-4o", Some(128_000), None),
        (None, "gpt-4o-2099-01-01", None, None),
        (None, "anthropic/claude-opus-4.5", Some(200_000), None),
        (Some("azure"), "gpt-4o", Some(128_000), None),
        (Some("ollama"), "gpt-4o", None, None),
        (
            Some("openrouter"),
            "anthropic/claude-opus-4.5",
            Some(200_000),
            Some("5"),
        ),
        (
            Some("openrouter"),
            "x-ai/grok-4.5",
            Some(500_000),
            Some("2"),
        ),
        (
            Some("openrouter"),
            "google/gemini-2.5-pro:free",
            Some(1_048_576),
            None,
        ),
        (
            Some("openrouter"),
            "deepseek/deepseek-v3.2",
            Some(163_840),
            None,
        ),
        (Some("openrouter"), "nobody/nothing", None, None),
    ] {
        let facts = book.find("p", family, model);
        let found = (facts.and_then(|facts| facts.context), input_price(facts));
        assert_eq!(found, (context, price.map(usd)), "{family:?} {model}");
    }
}

#[test]
fn the_configuration_wins_where_it_says_something() {
    let mut book = FactBook::built_in();
    let own = Facts {
        images: Some(false),
        strength: Some(0.8),
        ..Facts::default()
    };
    book.set("mine", Some("openai"), "gpt-4o", &own);
    let mine = book.find("mine", Some("openai"), "gpt-4o").unwrap();
    assert_eq!((mine.images, mine.tools), (Some(false), Some(true)));
    assert_eq!((mine.strength, mine.context), (Some(0.8), Some(128_000)));
    assert_eq!(input_price(Some(mine)), Some(usd("2.5")));

    let other = book.find("other", Some("openai"), "gpt-4o").unwrap();
    assert_eq!((other.images, other.strength), (Some(true), None));

    book.set("local", None, "my-model", &own);
    assert_eq!(book.find("local", None, "my-model"), Some(&own));
    assert_eq!(book.find("mine", None, "my-model"), None);
}

#[test]
fn what_a_model_refuses_may_hang_on_other_parameters() {
    let book = FactBook::built_in();
    let takes = |family, model, parameter, beside: &[&str]| {
        let facts = book.find("p", Some(family), model).unwrap();
        facts.takes(parameter, beside)
    };
    assert!(!takes("openai", "o3", "temperature", &[]));
    assert!(takes("openai", "o3", "reasoning_effort", &["temperature"]));
    assert!(takes("openai", "gpt-5.1", "temperature", &["top_p"]));
    assert!(!takes(
        "openai",
        "gpt-5.1",
        "temperature",
        &["reasoning_effort"]
    ));
    assert!(!takes(
        "anthropic",
        "claude-sonnet-4-5",
        "top_p",
        &["temperature"]
    ));
    assert!(!takes("xai", "grok-4.5", "stop", &[]));
    assert!(takes("xai", "grok-4.20-non-reasoning", "stop", &[]));
    assert!(takes("openai", "gpt-4o", "stop", &[]));
}

#[test]
fn a_file_takes_the_place_of_our_prices_but_not_of_what_else_we_know() {
    let book = FactBook::from_litellm(
        r#"{
          "gpt-5": {"litellm_provider": "openai", "mode": "responses",
            "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06,
            "max_input_tokens": 1000, "supports_vision": false},
          "xai/grok-4.5": {"litellm_provider": "xai", "mode": "chat"},
          "azure/gpt-5": {"litellm_provider": "azure", "mode": "chat",
            "input_cost_per_token": 3e-06, "output_cost_per_token": 3e-06},
          "a-lab/new": {"litellm_provider": "a-lab", "mode": "chat", "max_tokens": 5000}
        }"#,
        "2027-01-01",
    )
    .unwrap();
    let gpt = book.find("p", Some("openai"), "gpt-5").unwrap();
    assert_eq!(
        (gpt.context, gpt.images, gpt.tools),
        (Some(1000), Some(false), Some(true))
    );
    assert!(!gpt.takes("stop", &[]));
    assert_eq!(input_price(Some(gpt)), Some(usd("1")));
    assert_eq!(gpt.price.as_ref().unwrap().as_of, "2027-01-01");

    let grok = book.find("p", Some("xai"), "grok-4.5").unwrap();
    assert_eq!((&grok.price, grok.context), (&None, Some(500_000)));
    assert_eq!(
        input_price(book.find("p", Some("azure"), "gpt-5")),
        Some(usd("3"))
    );
    assert_eq!(
        book.find("p", Some("a-lab"), "new").unwrap().context,
        Some(5000)
    );
    assert_eq!(book.find("p", Some("openai"), "gpt-4o"), None);

    // The maker's before another's who serves it.
    let anywhere = book.find("p", None, "gpt-5").unwrap();
    assert_eq!((anywhere.context, &anywhere.price), (Some(1000), &None));
    assert!(FactBook::from_litellm("{", "2027-01-01").is_err());
}
