//! What is read, and what is refused in which words.

use secrecy::ExposeSecret;

use super::*;

fn load(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("rivulet.toml");
    std::fs::write(&path, file).unwrap();
    let flags = Settings {
        config: Some(path),
        data: Some(directory.path().to_owned()),
        ..Settings::default()
    };
    let variable = |name: &str| {
        variables
            .iter()
            .find(|(it, _)| *it == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Config::load(flags, variable).map_err(|error| format!("{error:#}"))
}

#[test]
fn mistakes_are_named_with_their_line() {
    for (file, expected) in [
        ("listen = \"here\"", "line 1"),
        ("\n\ngrace = 3", "line 3"),
        ("grace_seconds = -1", "line 1"),
        ("message_bytes = 0", "at least 1"),
        ("attachment_bytes = 0", "attachment_bytes is 0"),
        ("import_bytes = 0", "import_bytes is 0"),
        ("hosts = [\"http://chat.example.com\"]", "without scheme"),
        ("[[providers]]\nname = \"a\"", "base_url"),
        (
            "[[providers]]\nname = \"a/b\"\nbase_url = \"http://x/v1\"",
            "`a/b`",
        ),
        (
            "[[providers]]\nname = \"a\"\nbase_url = \"ftp://x\"",
            "http",
        ),
        (
            "[[providers]]\nname = \"a\"\nbase_url = \"http://x/v1\"\nkey_env = \"NO_SUCH\"",
            "NO_SUCH",
        ),
        (
            "[[providers]]\nname = \"a\"\nbase_url = \"http://x/v1\"\n\
             [[providers]]\nname = \"a\"\nbase_url = \"http://y/v1\"",
            "twice",
        ),
        (
            "[[providers]]\nname = \"a\"\nbase_url = \"http://x\"\nformat = \"soap\"",
            "openai, responses, anthropic, gemini, ollama",
        ),
        ("[[models]]\nid = \"a/b\"\ninput_price = 1", "output_price"),
        ("[[models]]\nid = \"a/b\"\nstrength = 2.0", "0 to 1"),
        (
            "[[models]]\nid = \"a/b\"\nthinking_price = 1",
            "neither input_price",
        ),
        ("price_map = \"/no/such/file\"", "/no/such/file"),
        ("turn_seconds = 315360001", "at most 315360000"),
        ("grace_seconds = 9000000000000000000", "ten years"),
        ("cache_hours = 87601", "at most 87600"),
        (
            "[[models]]\nid = \"a/b\"\nfirst_token_seconds = 9000000000000000000",
            "ten years",
        ),
    ] {
        let error = load(file, &[]).expect_err(file);
        assert!(
            error.contains(expected),
            "{file:?} gave {error:?}, without {expected:?}"
        );
    }
}

#[test]
fn the_example_is_valid_and_changes_nothing() {
    let config = load(EXAMPLE, &[]).unwrap();
    assert_eq!(
        config.engine.message_limit,
        engine::Config::default().message_limit
    );
    assert_eq!(config.engine.grace, Some(Duration::from_secs(30)));
}

#[test]
fn providers_come_from_their_usual_variables() {
    let names = |variables: &[(&str, &str)]| -> Vec<(String, bool)> {
        let config = load("", variables).unwrap();
        config
            .gateway
            .providers
            .into_iter()
            .map(|it| (it.name, it.optional))
            .collect()
    };
    let ollama = ("ollama".to_owned(), true);
    assert_eq!(names(&[]), std::slice::from_ref(&ollama));
    assert_eq!(
        names(&[("OPENAI_API_KEY", "k")]),
        [("openai".to_owned(), false), ollama.clone()]
    );
    assert_eq!(
        names(&[("OPENAI_BASE_URL", "http://localhost:4000/v1")]),
        [("openai".to_owned(), false), ollama]
    );
    assert_eq!(
        names(&[("OLLAMA_HOST", "0.0.0.0")]),
        [("ollama".to_owned(), false)]
    );
    let config = load(
        "",
        &[
            ("ANTHROPIC_BASE_URL", "http://localhost:1"),
            ("GEMINI_API_KEY", "k"),
            ("XAI_API_KEY", "k"),
        ],
    )
    .unwrap();
    let formats: Vec<_> = config
        .gateway
        .providers
        .iter()
        .map(|it| (it.name.as_str(), it.format.as_str(), it.base_url.as_str()))
        .collect();
    assert_eq!(
        formats,
        [
            ("anthropic", "anthropic", "http://localhost:1/"),
            (
                "gemini",
                "gemini",
                "https://generativelanguage.googleapis.com/"
            ),
            ("xai", "openai", "https://api.x.ai/v1"),
            ("ollama", "ollama", "http://127.0.0.1:11434/"),
        ]
    );
}

#[test]
fn always_finish_takes_the_grace_away() {
    assert_eq!(
        load("always_finish = true", &[]).unwrap().engine.grace,
        None
    );
    let zero = load("grace_seconds = 0", &[]).unwrap().engine.grace;
    assert_eq!(zero, Some(Duration::ZERO));
}

#[test]
fn a_complaint_shows_no_secret() {
    for (file, variables) in [
        ("[[providers]]\nname = \"a\"\nkye = \"sk-secret\"", &[][..]),
        ("[[providers]]\nname = \"a\"\nkey = sk-secret", &[]),
        ("[[providers]]\nname = \"a\"\nkey = \"sk-secret", &[]),
        (
            "[[providers]]\nname = \"a\"\nformat = \"gemini\"\nkey_env = \"sk-secret\"",
            &[],
        ),
        (
            "[[providers]]\nname = \"a\"\nbase_url = \"ftp://me:sk-secret@x/v1?key=sk-secret\"",
            &[],
        ),
        ("", &[("OPENAI_BASE_URL", "sk-secret@host/v1")]),
    ] {
        let error = load(file, variables).expect_err(file);
        assert!(!error.contains("secret"), "{file}: {error}");
    }
}

#[test]
fn keys_are_trimmed_and_empty_ones_are_none() {
    let provider =
        |key: &str| format!("[[providers]]\nname = \"a\"\nbase_url = \"http://x/v1\"\n{key}");
    let key_of = |key: &str, variables: &[(&str, &str)]| {
        let config = load(&provider(key), variables)?;
        let key = config.gateway.providers[0].key.as_ref();
        Ok::<_, String>(key.map(|key| key.expose_secret().to_owned()))
    };
    let some = |key: &str| Ok(Some(key.to_owned()));
    assert_eq!(key_of("key = \" k \"", &[]), some("k"));
    assert_eq!(key_of("key = \"\"", &[]), Ok(None));
    assert_eq!(key_of("key_env = \"K\"", &[("K", "k\n")]), some("k"));
    let unset = key_of("key_env = \"K\"", &[("K", " ")]).unwrap_err();
    assert!(unset.contains("K, which is not set"), "{unset}");
}

#[test]
fn what_is_said_of_a_model_is_taken() {
    let said = "[[models]]\nid = \"a/b\"\ninput_price = 1\noutput_price = 2.5\n\
        cached_input_price = 0.1\ncache_write_price = 1.25\nthinking_price = \"3\"\n\
        max_output_tokens = 4096\njson_schema = false\nthinking = true";
    let facts = load(said, &[]).unwrap().gateway.models.remove(0).facts;
    let price = facts.price.unwrap();
    let usd = |text: &str| Some(text.parse().unwrap());
    assert_eq!(price.cached_input, usd("0.1"));
    assert_eq!(price.cache_write, usd("1.25"));
    assert_eq!(price.thinking, usd("3"));
    assert_eq!(facts.max_output, Some(4_096));
    assert_eq!(facts.json_schema, Some(false));
    assert_eq!(facts.thinking, Some(true));
}
