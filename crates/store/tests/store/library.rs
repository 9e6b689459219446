//! Conversations as a person keeps them.

use protocol::{
    Conversation, ConversationId, ConversationSettings, Message, MessageId, MessageState, Preset,
    Settings,
    api::{ChangeConversation, ChangeMany, ManyChange},
};
use store::{Error, Library, NewTurn};
use uuid::Uuid;

use crate::{
    files::{file, with_files},
    turns::{another_answer, finished, first, next},
};

#[track_caller]
pub(crate) fn assert_not_found<T: std::fmt::Debug>(result: Result<T, Error>, what: &str) {
    assert!(
        matches!(&result, Err(Error::NotFound(found)) if *found == what),
        "expected no such {what}, got {result:?}"
    );
}

pub(crate) async fn begun(store: &dyn Library, turn: NewTurn) -> NewTurn {
    store.begin_turn(&turn).await.unwrap();
    turn
}

pub(crate) async fn messages(store: &dyn Library, id: ConversationId) -> Vec<MessageId> {
    let conversation = store.conversation(id).await.unwrap();
    conversation.messages.iter().map(|it| it.id).collect()
}

fn question(turn: &NewTurn) -> MessageId {
    turn.question.as_ref().unwrap().id
}

pub(crate) async fn a_conversation_is_changed_in_parts(store: &dyn Library) {
    let turn = begun(store, first(1000)).await;
    let id = turn.conversation;
    let before = store.conversation(id).await.unwrap();
    store
        .change(id, &ChangeConversation::default())
        .await
        .unwrap();
    assert_eq!(store.conversation(id).await.unwrap(), before);

    let settings = ConversationSettings {
        model: Some("auto".into()),
        ask: Settings {
            system: Some("Be brief.".into()),
            ..Settings::default()
        },
        ..ConversationSettings::default()
    };
    let change = ChangeConversation {
        pinned: Some(true),
        folder: Some("Work".into()),
        settings: Some(settings.clone()),
        leaf: Some(question(&turn)),
        ..ChangeConversation::default()
    };
    store.change(id, &change).await.unwrap();
    let changed = Conversation {
        pinned: true,
        folder: Some("Work".into()),
        settings,
        leaf: Some(question(&turn)),
        ..before.clone()
    };
    assert_eq!(store.conversation(id).await.unwrap(), changed);

    let change = ChangeConversation {
        title: Some("Better".into()),
        pinned: Some(false),
        archived: Some(true),
        folder: Some(String::new()),
        settings: Some(ConversationSettings::default()),
        leaf: None,
    };
    store.change(id, &change).await.unwrap();
    let changed = Conversation {
        title: "Better".into(),
        archived: true,
        leaf: Some(question(&turn)),
        ..before
    };
    assert_eq!(store.conversation(id).await.unwrap(), changed);
    let listed = store.conversations().await.unwrap();
    let summary = listed.iter().find(|summary| summary.id == id).unwrap();
    assert_eq!((summary.title.as_str(), summary.archived), ("Better", true));

    let elsewhere = begun(store, first(1000)).await;
    let change = ChangeConversation {
        title: Some("not this".into()),
        leaf: Some(elsewhere.answer.id),
        ..ChangeConversation::default()
    };
    assert_not_found(store.change(id, &change).await, "message");
    assert_eq!(store.conversation(id).await.unwrap(), changed);

    begun(store, next(id, Some(turn.answer.id), 2000)).await;
    assert_eq!(store.conversation(id).await.unwrap().leaf, None);
}

pub(crate) async fn many_conversations_are_changed_alike(store: &dyn Library) {
    let mut conversations = Vec::new();
    for temporary in [false, false, true] {
        let turn = NewTurn {
            temporary,
            ..first(1000)
        };
        conversations.push(begun(store, turn).await.conversation);
    }
    let other = begun(store, first(1000)).await.conversation;
    let unknown = ConversationId(Uuid::now_v7());
    let change = async |change: ManyChange, at_ms| {
        let conversations = [conversations.as_slice(), &[unknown]].concat();
        let change = ChangeMany {
            conversations,
            change,
        };
        store.change_many(&change, at_ms).await.unwrap();
    };
    let listed = async || {
        let mut listed = store.conversations().await.unwrap();
        listed.retain(|summary| conversations.contains(&summary.id));
        assert!(store.conversation(other).await.unwrap().folder.is_none());
        listed
    };
    change(ManyChange::Folder("Fun".into()), 2000).await;
    change(ManyChange::Archive, 2000).await;
    let all = listed().await;
    assert_eq!(all.len(), 3);
    assert!(
        all.iter()
            .all(|it| it.archived && it.folder.as_deref() == Some("Fun"))
    );
    change(ManyChange::Folder(String::new()), 2000).await;
    change(ManyChange::Unarchive, 2000).await;
    let all = listed().await;
    assert!(all.iter().all(|it| !it.archived && it.folder.is_none()));

    change(ManyChange::Delete, 2000).await;
    change(ManyChange::Delete, 9000).await;
    assert_eq!(listed().await, []);
    change(ManyChange::Restore, 9000).await;
    assert_eq!(listed().await.len(), 3);
    change(ManyChange::Delete, 3000).await;
    change(ManyChange::Delete, 9000).await;
    // It counts from the first time.
    assert_eq!(store.purge(3001, 9000).await.unwrap(), 3);
}

pub(crate) async fn messages_are_deleted_with_what_follows(store: &dyn Library) {
    let one = begun(store, first(1000)).await;
    let id = one.conversation;
    let two = begun(store, next(id, Some(one.answer.id), 2000)).await;
    let three = begun(store, next(id, Some(two.answer.id), 3000)).await;
    let version = NewTurn {
        question: None,
        answer: another_answer(question(&two), 4000),
        ..two.clone()
    };
    let version = begun(store, version).await.answer.id;
    let all = messages(store, id).await;
    let before = [question(&one), one.answer.id];
    let with_version = [before.as_slice(), &[question(&two), version]].concat();
    let leaf = ChangeConversation {
        leaf: Some(three.answer.id),
        ..ChangeConversation::default()
    };
    store.change(id, &leaf).await.unwrap();

    store
        .delete_messages(id, &[two.answer.id], 5000)
        .await
        .unwrap();
    assert_eq!(messages(store, id).await, with_version);
    assert_eq!(store.conversation(id).await.unwrap().leaf, None);
    assert_not_found(store.answer_of(three.answer.turn.unwrap()).await, "turn");
    assert_not_found(store.change(id, &leaf).await, "message");
    let after = next(id, Some(three.answer.id), 6000);
    assert_not_found(store.begin_turn(&after).await, "message");

    store.restore_messages(id, &[two.answer.id]).await.unwrap();
    store.restore_messages(id, &[two.answer.id]).await.unwrap();
    assert_eq!(messages(store, id).await, all);
    assert_eq!(store.conversation(id).await.unwrap().leaf, leaf.leaf);

    // What was deleted by itself does not come back with something else,
    // whichever was deleted first.
    for order in [
        [two.answer.id, question(&two)],
        [question(&two), two.answer.id],
    ] {
        for message in order {
            store.delete_messages(id, &[message], 5000).await.unwrap();
        }
        assert_eq!(messages(store, id).await, before);
        store.restore_messages(id, &[question(&two)]).await.unwrap();
        assert_eq!(messages(store, id).await, with_version);
        // Nor without what it follows.
        store
            .delete_messages(id, &[question(&two)], 5000)
            .await
            .unwrap();
        store.restore_messages(id, &[two.answer.id]).await.unwrap();
        assert_eq!(messages(store, id).await, before);
        store.restore_messages(id, &[question(&two)]).await.unwrap();
        assert_eq!(messages(store, id).await, all);
    }

    // Several at once, and taken back at once, in any order.
    let several = [question(&two), three.answer.id];
    store.delete_messages(id, &several, 5000).await.unwrap();
    assert_eq!(messages(store, id).await, before);
    store.restore_messages(id, &several).await.unwrap();
    assert_eq!(messages(store, id).await, all);
    store.delete_messages(id, &several, 5000).await.unwrap();
    store
        .restore_messages(id, &[several[1], several[0]])
        .await
        .unwrap();
    assert_eq!(messages(store, id).await, all);

    // All or nothing.
    let elsewhere = begun(store, first(1000)).await;
    let mixed = [question(&two), elsewhere.answer.id];
    assert_not_found(store.delete_messages(id, &mixed, 5000).await, "message");
    assert_not_found(store.restore_messages(id, &mixed).await, "message");
    assert_eq!(messages(store, id).await, all);
    let unknown = ConversationId(Uuid::now_v7());
    let gone = store
        .delete_messages(unknown, &[question(&two)], 5000)
        .await;
    assert_not_found(gone, "conversation");
}

pub(crate) async fn deleted_messages_are_purged_in_time(store: &dyn Library) {
    let one = begun(store, first(1000)).await;
    let id = one.conversation;
    let two = begun(store, next(id, Some(one.answer.id), 2000)).await;
    let three = begun(store, next(id, Some(two.answer.id), 3000)).await;
    // The one that follows is deleted later, and goes nevertheless.
    store
        .delete_messages(id, &[two.answer.id], 5000)
        .await
        .unwrap();
    store
        .delete_messages(id, &[three.answer.id], 7000)
        .await
        .unwrap();
    let still = [question(&one), one.answer.id, question(&two)];
    store.purge(5000, 5000).await.unwrap();
    store.restore_messages(id, &[two.answer.id]).await.unwrap();
    assert_eq!(messages(store, id).await.len(), 5);
    store
        .delete_messages(id, &[two.answer.id], 5000)
        .await
        .unwrap();
    assert_eq!(store.purge(5001, 5001).await.unwrap(), 0);
    assert_eq!(messages(store, id).await, still);
    let restored = store.restore_messages(id, &[three.answer.id]).await;
    assert_not_found(restored, "message");
    store.end_turn(&finished(&two, "too late")).await.unwrap();
    assert_eq!(messages(store, id).await, still);
}

pub(crate) async fn presets_are_kept_by_name(store: &dyn Library) {
    assert_eq!(store.presets().await.unwrap(), []);
    let settings = |model: &str| ConversationSettings {
        model: Some(model.into()),
        ..ConversationSettings::default()
    };
    for (name, model) in [("translate", "a"), ("Explain", "b"), ("translate", "c")] {
        store.keep_preset(name, &settings(model)).await.unwrap();
    }
    let preset = |name: &str, model| Preset {
        name: name.into(),
        settings: settings(model),
    };
    let expected = [preset("Explain", "b"), preset("translate", "c")];
    assert_eq!(store.presets().await.unwrap(), expected);
    store.remove_preset("Explain").await.unwrap();
    assert_eq!(store.presets().await.unwrap(), expected[1..]);
    assert_not_found(store.remove_preset("Explain").await, "preset");
    store.remove_preset("translate").await.unwrap();
}

pub(crate) async fn an_import_keeps_everything(store: &dyn Library) {
    let bytes = b"the map";
    let [kept, lost] = [file(bytes), file(bytes)];
    store.keep_attachment(&kept, bytes, 1000).await.unwrap();
    let turn = with_files(first(1000), &[kept.clone(), lost.clone()]);
    let end = finished(&turn, "Because.");
    let answer = Message {
        text: "Because.".into(),
        state: MessageState::Finished,
        tools: end.transcript.tools,
        statistics: end.transcript.ending.map(|ending| ending.statistics),
        ..turn.answer.clone()
    };
    let conversation = Conversation {
        pinned: true,
        folder: Some("Old".into()),
        settings: ConversationSettings {
            model: Some("auto".into()),
            ..ConversationSettings::default()
        },
        leaf: Some(answer.id),
        messages: vec![turn.question.clone().unwrap(), answer],
        ..Conversation::new(turn.conversation, "From elsewhere".into(), 1234)
    };
    store.import(&conversation).await.unwrap();
    let id = conversation.id;
    assert_eq!(store.conversation(id).await.unwrap(), conversation);
    assert_eq!(store.attachment(&kept.hash).await.unwrap().bytes, bytes);
    assert_not_found(store.attachment(&lost.hash).await, "attachment");
    let twice = store.import(&conversation).await;
    assert!(matches!(twice, Err(Error::Unavailable(_))), "{twice:?}");

    // An answer that was being written elsewhere is not written here.
    let copy = first(2000);
    let running = Conversation {
        messages: vec![copy.question.clone().unwrap(), copy.answer.clone()],
        ..Conversation::new(copy.conversation, String::new(), 2000)
    };
    store.import(&running).await.unwrap();
    let answer = store
        .conversation(running.id)
        .await
        .unwrap()
        .messages
        .remove(1);
    assert_eq!(answer.state, MessageState::Interrupted);

    let mut orphan = conversation;
    orphan.id = ConversationId(Uuid::now_v7());
    orphan.messages.remove(0);
    assert_not_found(store.import(&orphan).await, "message");
    assert_not_found(store.conversation(orphan.id).await, "conversation");
}
