//! The engine over the real gateway and the demo's models, in real time.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use engine::{Config, Engine};
use gateway::{Clocks, Format, GatewayConfig, ProviderConfig, ProviderGateway};
use protocol::{Attachment, Message, MessageState, Settings, api::StartTurn};
use simulator::Simulator;
use store::Store as _;

use crate::{
    memory::Memory,
    world::{all, ask, fold},
};

struct Demo {
    simulator: Simulator,
    store: Arc<Memory>,
    engine: Engine,
}

impl Demo {
    async fn new() -> Self {
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let simulator = Simulator::spawn(address).await.unwrap();
        let demo = ProviderConfig {
            name: "demo".into(),
            label: "Demo".into(),
            format: Format::OpenAi,
            base_url: format!("http://{}/v1", simulator.addr()).parse().unwrap(),
            key: None,
            simulated: true,
            models: None,
            optional: false,
            clocks: Clocks::default(),
        };
        let gateway = ProviderGateway::new(
            GatewayConfig {
                providers: vec![demo],
                ..GatewayConfig::default()
            },
            None,
        )
        .unwrap();
        let store = Arc::new(Memory::default());
        let engine = Engine::new(store.clone(), gateway, Config::default());
        Self {
            simulator,
            store,
            engine,
        }
    }

    /// The answer to a request, as watchers saw it and as it is stored.
    async fn answer(&self, request: StartTurn) -> Message {
        let request = StartTurn {
            model: Some("demo/guide".to_owned()),
            ..request
        };
        let ids = self.engine.start(request).await.unwrap();
        let watcher = self.engine.watch(ids.turn, 0).await.unwrap();
        let seen = fold(&all(watcher).await);
        let (_, stored) = self.store.answer_of(ids.turn).await.unwrap();
        assert_eq!((&stored.text, stored.state), (&seen.text, seen.state));
        stored
    }
}

#[tokio::test]
async fn an_answer_ends_at_a_phrase_and_goes_on_from_there() {
    let demo = Demo::new().await;
    let until_12 = StartTurn {
        settings: Settings {
            stop: vec!["12 13".to_owned()],
            temperature: Some(0.0),
            ..Settings::default()
        },
        ..ask("Count from 1 to 40")
    };
    let stopped = demo.answer(until_12).await;
    assert_eq!(stopped.state, MessageState::Stopped);
    let begun = "Simulated count:\n\n1 2 3 4 5 6 7 8 9 10\n11 ";
    assert_eq!(stopped.text, begun);
    let met = stopped.statistics.unwrap().stop_phrase.unwrap();
    assert_eq!(met.at as usize, begun.len());
    while demo.simulator.stats().open > 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let conversation = demo.store.answer_of(stopped.turn.unwrap()).await.unwrap().0;
    let whole = StartTurn {
        conversation: Some(conversation),
        extend: Some(stopped.id),
        ..ask("")
    };
    let whole = demo.answer(whole).await;
    assert_eq!(whole.state, MessageState::Finished);
    let rest = whole.text.strip_prefix(begun).unwrap();
    assert!(
        rest.starts_with("12 13 ") && rest.ends_with(" 39 40"),
        "{rest}"
    );
    let statistics = whole.statistics.unwrap();
    assert_eq!(statistics.begun, begun.len() as u64);
    assert_eq!(statistics.characters, rest.len() as u64);
    // The same question, which may come from the cache, is answered whole.
    let certain = StartTurn {
        settings: Settings {
            temperature: Some(0.0),
            ..Settings::default()
        },
        ..ask("Count from 1 to 40")
    };
    assert_eq!(demo.answer(certain).await.text, whole.text);
}

#[tokio::test]
async fn images_and_files_reach_the_model() {
    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0";
    let demo = Demo::new().await;
    let file = |name: &str, media_type: &str, bytes: &[u8]| {
        let file = Attachment {
            hash: name.to_owned(),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: bytes.len() as u64,
            tokens: 1,
        };
        let mut files = demo.store.attachments.lock().unwrap();
        files.push((file.clone(), bytes.to_vec()));
        file
    };
    let files = vec![
        file("a.png", "image/png", PNG),
        file("notes.md", "text/plain", b"# Notes\n\n```\nx\n```\n"),
    ];
    let said = demo
        .answer(StartTurn {
            attachments: files,
            ..ask("What is this?")
        })
        .await
        .text;
    assert!(said.contains("an image of 640×480 pixels (PNG)"), "{said}");
    assert!(said.contains("`notes.md`: 5 lines"), "{said}");
}
