//! Files sent with messages.

use gateway::{Image, Part};
use protocol::{Attachment, ProblemKind, Role, api::StartTurn};

use crate::{
    upstream::{finished, text},
    world::{World, ask},
};

impl World {
    /// A file that was attached.
    fn file(&self, name: &str, media_type: &str, bytes: &[u8]) -> Attachment {
        let file = Attachment {
            hash: format!("{:064x}", bytes.len()),
            name: name.to_owned(),
            media_type: media_type.to_owned(),
            bytes: bytes.len() as u64,
            tokens: 7,
        };
        let mut files = self.store.attachments.lock().unwrap();
        files.push((file.clone(), bytes.to_vec()));
        file
    }

    /// The parts of each message that the model was asked with the last time.
    fn parts(&self) -> Vec<(Role, Vec<Part>)> {
        let requests = self.upstream.requests.lock().unwrap();
        let messages = requests.last().unwrap().ask.messages.iter();
        messages.map(|it| (it.role, it.parts.clone())).collect()
    }
}

fn with(files: &[&Attachment], text: &str) -> StartTurn {
    StartTurn {
        attachments: files.iter().map(|&it| it.clone()).collect(),
        ..ask(text)
    }
}

fn png(base64: &str) -> Part {
    Part::Image(Image::Data {
        media_type: "image/png".to_owned(),
        base64: base64.to_owned(),
    })
}

fn said(text: &str) -> Part {
    Part::Text(text.to_owned())
}

#[tokio::test(start_paused = true)]
async fn the_model_gets_images_and_files_also_of_earlier_messages() {
    let world = World::new([text("a"), finished()]);
    let image = world.file("a.png", "image/png", &[1, 2, 3]);
    let notes = world.file("notes.txt", "text/plain", "1\n```\nü".as_bytes());
    // Only the name is taken from who asks.
    let mut renamed = image.clone();
    renamed.name = "b.png".to_owned();
    renamed.media_type = "text/plain".to_owned();
    renamed.bytes = 0;
    let first = with(&[&renamed, &notes], "What is this?");
    let first = world.engine.start(first).await.unwrap();
    world.all(first.turn, 0).await;
    let file = said("File \"notes.txt\":\n````\n1\n```\nü\n````");
    let parts = vec![png("AQID"), file, said("What is this?")];
    assert_eq!(world.parts(), [(Role::User, parts.clone())]);

    let second = StartTurn {
        conversation: Some(first.conversation),
        ..ask("And?")
    };
    world.engine.start(second).await.unwrap();
    let expected = [
        (Role::User, parts),
        (Role::Assistant, vec![said("a")]),
        (Role::User, vec![said("And?")]),
    ];
    assert_eq!(world.parts(), expected);
    let conversation = world.engine.conversation(first.conversation).await.unwrap();
    let question = conversation.find(first.question).unwrap();
    let stored = Attachment {
        name: "b.png".to_owned(),
        ..image
    };
    assert_eq!(question.attachments, [stored, notes]);
}

#[tokio::test(start_paused = true)]
async fn a_message_may_be_a_file_alone() {
    let world = World::new([text("a"), finished()]);
    let image = world.file("holiday.png", "image/png", &[1]);
    let first = world.engine.start(with(&[&image], " ")).await.unwrap();
    world.all(first.turn, 0).await;
    assert_eq!(world.parts(), [(Role::User, vec![png("AQ==")])]);
    let conversation = world.engine.conversation(first.conversation).await.unwrap();
    assert_eq!(conversation.title, "holiday.png");
    // It is there when it is answered anew.
    let retry = StartTurn {
        conversation: Some(first.conversation),
        retry: Some(first.question),
        ..ask("")
    };
    world.engine.start(retry).await.unwrap();
    let Part::Image(_) = &world.parts()[0].1[0] else {
        panic!("{:?}", world.parts());
    };
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_or_too_much_is_refused_before_anything_is_stored() {
    let world = World::new([finished()]);
    let image = world.file("a.png", "image/png", &[1, 2]);
    let gone = Attachment {
        hash: "0".repeat(64),
        ..image.clone()
    };
    let named = |name: &str| Attachment {
        name: name.to_owned(),
        ..image.clone()
    };
    let large = world.file("large.txt", "text/plain", &vec![b'x'; 11 << 20]);
    let blind = StartTurn {
        model: Some("demo/blind".to_owned()),
        ..with(&[&image], "What is this?")
    };
    use ProblemKind::{BadRequest, TooLarge};
    for (request, kind, words) in [
        (with(&[&gone], "a"), BadRequest, "Attach it again."),
        (with(&[&large, &large], "a"), TooLarge, "more than 20 MB"),
        (with(&[&image; 21], "a"), BadRequest, "at most 20 files"),
        (with(&[&named("")], "a"), BadRequest, "A file's name"),
        (with(&[&named("a\nb")], "a"), BadRequest, "A file's name"),
        (
            with(&[&named(&"n".repeat(256))], "a"),
            BadRequest,
            "255 bytes",
        ),
        (
            blind,
            BadRequest,
            "demo/blind does not see images. Choose a model that does, or remove the image.",
        ),
    ] {
        let problem = world.engine.start(request).await.unwrap_err();
        assert_eq!(problem.kind, kind, "{problem}");
        assert!(problem.to_string().contains(words), "{problem}");
    }
    assert!(world.store.conversations.lock().unwrap().is_empty());
    assert!(world.upstream.requests.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn in_what_was_said_a_name_stands_for_what_cannot_be_sent() {
    let world = World::new([text("a"), finished()]);
    let image = world.file("a.png", "image/png", &[1]);
    let notes = world.file("notes.txt", "text/plain", &vec![b'x'; 11 << 20]);
    let first = with(&[&image, &notes], "What is this?");
    let first = world.engine.start(first).await.unwrap();
    world.all(first.turn, 0).await;
    let follow = |model: &str, files: &[&Attachment]| StartTurn {
        conversation: Some(first.conversation),
        parent: Some(first.answer),
        model: Some(model.to_owned()),
        ..with(files, "And?")
    };
    let first_parts = async |request| {
        let started = world.engine.start(request).await.unwrap();
        world.all(started.turn, 0).await;
        world.parts()[0].1[..2].to_vec()
    };
    let parts = first_parts(follow("demo/blind", &[])).await;
    assert_eq!(parts[0], said("[image: a.png]"));
    assert_ne!(parts[1], said("[file: notes.txt]"));
    // The files of the newest message come first.
    let parts = first_parts(follow("demo/guide", &[&notes])).await;
    assert_eq!(parts, [png("AQ=="), said("[file: notes.txt]")]);
    // What was lost is no reason not to go on.
    world.store.attachments.lock().unwrap().clear();
    let parts = first_parts(follow("demo/guide", &[])).await;
    assert_eq!(parts, [said("[image: a.png]"), said("[file: notes.txt]")]);
    // An answer to the image itself is another matter.
    let retry = StartTurn {
        conversation: Some(first.conversation),
        retry: Some(first.question),
        model: Some("demo/blind".to_owned()),
        ..ask("")
    };
    let problem = world.engine.start(retry).await.unwrap_err();
    assert!(problem.message.contains("does not see"), "{problem}");
}

#[tokio::test(start_paused = true)]
async fn an_image_in_an_answer_is_not_sent_back() {
    let world = World::new([text("a"), finished()]);
    let image = world.file("drawn.png", "image/png", &[1]);
    let first = world.engine.start(ask("Draw.")).await.unwrap();
    world.all(first.turn, 0).await;
    // As an import brings it.
    for message in &mut world.store.conversations.lock().unwrap()[0].messages {
        if message.role == Role::Assistant {
            message.attachments = vec![image.clone()];
        }
    }
    let follow = StartTurn {
        conversation: Some(first.conversation),
        ..ask("And?")
    };
    world.engine.start(follow).await.unwrap();
    let answer = vec![said("[image: drawn.png]"), said("a")];
    assert_eq!(world.parts()[1], (Role::Assistant, answer));
}
