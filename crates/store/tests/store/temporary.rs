//! Conversations that no disk sees.

use protocol::{ConversationSummary, MessageState, api::ChangeConversation};
use store::{Library, NewTurn, SqliteStore, Store};

use crate::{
    files::{HOUR_MS, file, with_files},
    library::{assert_not_found, begun, messages},
    turns::{finished, first, next, text},
};

fn temporary(created_ms: i64) -> NewTurn {
    NewTurn {
        temporary: true,
        ..first(created_ms)
    }
}

pub(crate) async fn temporary_conversations_are_like_others(store: &dyn Library) {
    let turn = begun(store, temporary(1000)).await;
    let id = turn.conversation;
    let lasting = begun(store, first(1000)).await;
    let checkpoints = [text(&turn, 3, "Bec"), text(&lasting, 3, "Yes")];
    store.checkpoint(&checkpoints).await.unwrap();
    for (turn, text) in [(&turn, "Bec"), (&lasting, "Yes")] {
        let (conversation, answer) = store.answer_of(turn.answer.turn.unwrap()).await.unwrap();
        assert_eq!(
            (conversation, answer.text.as_str()),
            (turn.conversation, text)
        );
    }
    let end = finished(&turn, "Because.");
    store.end_turn(&end).await.unwrap();
    assert_eq!(store.attempts(end.turn).await.unwrap(), end.attempts);
    let conversation = store.conversation(id).await.unwrap();
    assert!(conversation.temporary);
    assert_eq!(conversation.messages[1].state, MessageState::Finished);
    assert!(
        !store
            .conversation(lasting.conversation)
            .await
            .unwrap()
            .temporary
    );

    let renamed = ChangeConversation {
        title: Some("Secret".into()),
        ..ChangeConversation::default()
    };
    store.change(id, &renamed).await.unwrap();
    let second = next(id, Some(turn.answer.id), 400_000_000);
    let second = begun(store, second).await;
    let summary = store.conversations().await.unwrap().remove(0);
    assert_eq!(
        summary,
        ConversationSummary {
            id,
            title: "Secret".into(),
            updated_ms: 400_000_001,
            pinned: false,
            archived: false,
            folder: None,
            temporary: true,
        }
    );
    assert_eq!(store.search("secret", 10).await.unwrap(), []);

    let question = second.question.unwrap().id;
    store.delete_messages(id, &[question], 1).await.unwrap();
    assert_eq!(messages(store, id).await.len(), 2);
    store.restore_messages(id, &[question]).await.unwrap();
    assert_eq!(messages(store, id).await.len(), 4);

    // A store that could not begin a turn has nothing of it.
    let nowhere = next(id, Some(lasting.answer.id), 5000);
    assert_not_found(store.begin_turn(&nowhere).await, "message");
    assert_eq!(messages(store, id).await.len(), 4);

    store.delete(id, 5000).await.unwrap();
    assert_not_found(store.conversation(id).await, "conversation");
    store.restore(id).await.unwrap();
    let day = 24 * HOUR_MS;
    assert_eq!(store.purge(0, 400_000_001 + day).await.unwrap(), 0);
    assert_eq!(store.purge(0, 400_000_002 + day).await.unwrap(), 1);
    assert_not_found(store.conversation(id).await, "conversation");
    assert_not_found(store.restore(id).await, "conversation");
    assert_eq!(store.attempts(end.turn).await.unwrap(), end.attempts);
}

#[tokio::test]
async fn nothing_temporary_reaches_the_disk() {
    const SECRETS: [&str; 6] = [
        "SECRETTITLE",
        "SECRETQUESTION",
        "SECRETPIECE",
        "SECRETANSWER",
        "SECRETFILE",
        "SECRETDRAFT",
    ];
    let [title, asked, piece, answered, sent, draft] = SECRETS;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let [attached, waiting] = [file(sent.as_bytes()), file(draft.as_bytes())];
    store
        .keep_attachment(&attached, sent.as_bytes(), 1)
        .await
        .unwrap();
    store
        .keep_attachment(&waiting, draft.as_bytes(), 1)
        .await
        .unwrap();
    let mut turn = with_files(temporary(1000), &[attached]);
    turn.new_conversation = Some(title.into());
    turn.question.as_mut().unwrap().text = asked.into();
    let turn = begun(&store, turn).await;
    store.checkpoint(&[text(&turn, 1, piece)]).await.unwrap();
    store.end_turn(&finished(&turn, answered)).await.unwrap();
    // Something that lasts, so that the disk is seen to be looked at.
    let mut open = first(1000);
    open.question.as_mut().unwrap().text = "OPENQUESTION".into();
    begun(&store, open).await;

    let on_disk = || {
        let files = std::fs::read_dir(directory.path()).unwrap();
        let bytes = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
        let all = bytes.collect::<Vec<_>>().concat();
        String::from_utf8_lossy(&all).to_ascii_uppercase()
    };
    let check = |on_disk: &str| {
        assert!(on_disk.contains("OPENQUESTION"));
        for secret in SECRETS {
            assert!(!on_disk.contains(secret), "{secret}");
        }
    };
    check(&on_disk());
    store.close().await;
    check(&on_disk());

    let store = SqliteStore::open(&path).await.unwrap();
    assert_eq!(store.conversations().await.unwrap().len(), 1);
    assert_not_found(store.conversation(turn.conversation).await, "conversation");
    assert_not_found(store.attachment(&waiting.hash).await, "attachment");
    let id = turn.answer.turn.unwrap();
    assert_eq!(store.attempts(id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_file_sent_with_something_that_lasts_lasts() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let store = SqliteStore::open(&path).await.unwrap();
    let sent = file(b"facts");
    store.keep_attachment(&sent, b"facts", 1).await.unwrap();
    begun(&store, with_files(first(1000), std::slice::from_ref(&sent))).await;
    store.close().await;
    let store = SqliteStore::open(&path).await.unwrap();
    let kept = store.attachment(&sent.hash).await.unwrap();
    assert_eq!((kept.attachment, kept.bytes), (sent, b"facts".to_vec()));
    assert!(kept.kept);
}
