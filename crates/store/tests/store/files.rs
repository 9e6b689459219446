//! Files sent with messages.

use protocol::Attachment;
use store::{Library, NewTurn, StoredFile};
use uuid::Uuid;

use crate::{
    library::{assert_not_found, begun, messages},
    turns::{first, next},
};

pub(crate) const HOUR_MS: i64 = 3_600_000;

/// A file of these bytes.
pub(crate) fn file(bytes: &[u8]) -> Attachment {
    Attachment {
        hash: format!("{:0>64}", Uuid::now_v7().simple()),
        name: "fact sheet.txt".into(),
        media_type: "text/plain".into(),
        bytes: bytes.len() as u64,
        tokens: 7,
    }
}

/// A turn like this one whose question has these files.
pub(crate) fn with_files(mut turn: NewTurn, files: &[Attachment]) -> NewTurn {
    turn.question.as_mut().unwrap().attachments = files.to_vec();
    turn
}

pub(crate) async fn files_last_as_long_as_a_message_has_them(store: &dyn Library) {
    for temporary in [false, true] {
        let bytes = b"\0the facts";
        let [sent, unsent] = [file(bytes), file(bytes)];
        for (file, at_ms) in [(&sent, 900), (&sent, 1000), (&unsent, 1000)] {
            store.keep_attachment(file, bytes, at_ms).await.unwrap();
        }
        let mut kept = StoredFile {
            attachment: sent.clone(),
            bytes: bytes.to_vec(),
            kept: false,
        };
        assert_eq!(store.attachment(&sent.hash).await.unwrap(), kept);

        let turn = NewTurn {
            temporary,
            ..first(1000)
        };
        let turn = begun(store, with_files(turn, std::slice::from_ref(&sent))).await;
        kept.kept = !temporary;
        let stored = store.conversation(turn.conversation).await.unwrap();
        assert_eq!(Some(&stored.messages[0]), turn.question.as_ref());
        assert_eq!(store.attachment(&sent.hash).await.unwrap(), kept);

        store.purge(0, 1000 + HOUR_MS).await.unwrap();
        store.attachment(&unsent.hash).await.unwrap();
        store.purge(0, 1001 + HOUR_MS).await.unwrap();
        assert_not_found(store.attachment(&unsent.hash).await, "attachment");
        assert_eq!(store.attachment(&sent.hash).await.unwrap(), kept);
        // Another message may have it now, of whatever conversation.
        let again = NewTurn {
            temporary: true,
            ..first(1500)
        };
        let again = begun(store, with_files(again, std::slice::from_ref(&sent))).await;
        // It may be shown there now.
        kept.kept = false;

        let unknown = with_files(turn_after(&turn), &[unsent]);
        assert_not_found(store.begin_turn(&unknown).await, "attachment");
        assert_eq!(messages(store, turn.conversation).await.len(), 2);

        store.delete(turn.conversation, 2000).await.unwrap();
        store.delete(again.conversation, 2000).await.unwrap();
        store.purge(2000, 2000 + HOUR_MS).await.unwrap();
        assert_eq!(store.attachment(&sent.hash).await.unwrap(), kept);
        assert_eq!(store.purge(2001, 2001 + HOUR_MS).await.unwrap(), 2);
        assert_not_found(store.attachment(&sent.hash).await, "attachment");
    }
}

fn turn_after(turn: &NewTurn) -> NewTurn {
    next(
        turn.conversation,
        Some(turn.answer.id),
        turn.answer.created_ms + 1,
    )
}
