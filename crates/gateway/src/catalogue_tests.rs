//! Lists of models and their names, against a scripted upstream.

use std::{sync::atomic::Ordering, time::Duration};

use protocol::ProblemKind;
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use crate::{
    ConfigError, Gateway, GatewayConfig, ProviderConfig, ProviderGateway,
    catalogue::Pace,
    scripted_upstream::{Upstream, config, fixed, once},
};

/// An address where nothing listens.
async fn nowhere() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap().to_string()
}

fn with_default(providers: Vec<ProviderConfig>, default: Option<String>) -> GatewayConfig {
    GatewayConfig {
        default_model: default,
        ..once(providers)
    }
}

const FAST: Pace = Pace {
    refresh: Duration::from_millis(20),
    first_wait: Duration::from_millis(500),
};

/// Asks for the models until the list is as wished.
async fn until(gateway: &ProviderGateway, wished: impl Fn(&protocol::ModelList) -> bool) {
    let tried = timeout(Duration::from_secs(20), async {
        while !wished(&gateway.models().await) {
            sleep(Duration::from_millis(10)).await;
        }
    });
    tried.await.expect("the list becomes as wished");
}

fn ids(provider: &protocol::ProviderModels) -> Vec<&str> {
    provider
        .models
        .iter()
        .map(|model| model.id.as_str())
        .collect()
}

#[tokio::test]
async fn models_are_listed_and_one_hanging_provider_delays_nobody() {
    let upstream = Upstream::default();
    let address = upstream.start().await;
    // Accepts connections into its backlog and never answers.
    let hanging = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let hangs = format!("http://{}/v1", hanging.local_addr().unwrap());
    let providers = vec![
        config("hangs", &hangs),
        config("acme", &address),
        fixed("fixed", &["b", "a"]),
    ];
    let gateway = ProviderGateway::with_pace(once(providers), None, FAST).unwrap();
    let list = timeout(Duration::from_secs(20), gateway.models())
        .await
        .unwrap();
    assert_eq!(list.providers.len(), 4);
    assert_eq!(ids(&list.providers[0]), ["auto"]);
    assert_eq!(list.default.as_deref(), Some("acme/whole"));
    let problem = list.providers[1].problem.as_ref().unwrap();
    assert!(problem.message.contains("not told"), "{problem}");
    assert_eq!(list.providers[2].label, "ACME");
    assert_eq!(ids(&list.providers[2]), ["acme/whole", "acme/uncounted"]);
    assert_eq!(ids(&list.providers[3]), ["fixed/b", "fixed/a"]);
}

#[tokio::test]
async fn a_list_is_asked_for_again_and_outlives_a_failure() {
    let upstream = Upstream::default();
    let address = upstream.start().await;
    upstream.broken.store(true, Ordering::SeqCst);
    let providers = vec![config("acme", &address)];
    let gateway = ProviderGateway::with_pace(once(providers), None, FAST).unwrap();
    let has_models =
        |list: &protocol::ModelList| list.providers.iter().any(|it| !it.models.is_empty());
    let list = gateway.models().await;
    let problem = list.providers[0].problem.as_ref().unwrap();
    assert_eq!(problem.kind, ProblemKind::Overloaded);
    assert!(!has_models(&list));

    upstream.broken.store(false, Ordering::SeqCst);
    until(&gateway, has_models).await;

    upstream.broken.store(true, Ordering::SeqCst);
    let asked = upstream.lists_asked.load(Ordering::SeqCst);
    until(&gateway, |_| {
        upstream.lists_asked.load(Ordering::SeqCst) > asked + 1
    })
    .await;
    assert!(has_models(&gateway.models().await));
}

#[tokio::test]
async fn a_provider_merely_looked_for_shows_once_it_is_there() {
    let address = nowhere().await;
    let local = ProviderConfig {
        optional: true,
        ..config("local", &format!("http://{address}/v1"))
    };
    let default = Some("local/whole".to_owned());
    let providers = vec![local, fixed("other", &["m"])];
    let gateway = ProviderGateway::with_pace(with_default(providers, default), None, FAST).unwrap();
    let list = gateway.models().await;
    assert_eq!(list.providers.len(), 1);
    assert_eq!(list.default.as_deref(), Some("other/m"));

    Upstream::default().start_on(&address).await;
    until(&gateway, |list| list.providers.len() == 3).await;
    assert_eq!(gateway.resolve(None).unwrap(), "local/whole");
}

#[tokio::test]
async fn names_of_models_are_resolved() {
    let upstream = Upstream::default();
    let address = upstream.start().await;
    let providers = vec![
        config("acme", &address),
        fixed("one", &["shared", "org/special"]),
        fixed("two", &["shared"]),
    ];
    let gateway =
        ProviderGateway::new(with_default(providers, Some("special".into())), None).unwrap();
    gateway.models().await;
    let check = |model: Option<&str>, expected: Result<&str, &str>| {
        let resolved = gateway.resolve(model);
        match (&resolved, expected) {
            (Ok(id), Ok(expected)) => assert_eq!(id, expected),
            (Err(problem), Err(words)) => {
                assert_eq!(problem.kind, ProblemKind::NotFound);
                assert!(problem.to_string().contains(words), "{problem}");
            }
            _ => panic!("{model:?} gave {resolved:?}"),
        }
    };
    check(None, Ok("acme/whole"));
    check(Some("acme/whole"), Ok("acme/whole"));
    check(Some("acme/not-listed"), Ok("acme/not-listed"));
    check(Some("one/shared"), Ok("one/shared"));
    check(Some("one/not-listed"), Err("There are acme/whole, "));
    check(Some("acme/"), Err("\"acme/\""));
    check(Some("whole"), Ok("acme/whole"));
    check(Some("org/special"), Ok("one/org/special"));
    check(Some("shared"), Err("one/shared, two/shared"));
    check(
        Some("nothing"),
        Err("No provider offers the model \"nothing\""),
    );
    check(Some(""), Err("No provider offers"));

    let nobody = ProviderGateway::new(GatewayConfig::default(), None).unwrap();
    let problem = nobody.resolve(None).unwrap_err();
    assert_eq!(problem.kind, ProblemKind::NotFound);
    assert!(!problem.advice.is_empty());
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused() {
    let check = |providers: Vec<ProviderConfig>, expected: ConfigError| {
        let error = ProviderGateway::new(once(providers), None).err();
        assert_eq!(error, Some(expected));
    };
    check(vec![fixed("a b", &[])], ConfigError::Name("a b".into()));
    check(vec![fixed("a/b", &[])], ConfigError::Name("a/b".into()));
    check(
        vec![fixed("a", &[]), fixed("a", &[])],
        ConfigError::Duplicate("a".into()),
    );
    check(
        vec![config("a", "ftp://example.com/v1")],
        ConfigError::Address {
            name: "a".into(),
            address: "ftp://example.com/v1".into(),
        },
    );
}
