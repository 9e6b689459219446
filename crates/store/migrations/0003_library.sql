-- What a person says of a conversation: where it stands, how its answers are
-- asked for and shown, and which of several versions is.
ALTER TABLE conversations ADD COLUMN pinned   INTEGER NOT NULL DEFAULT 0; -- 0 or 1
ALTER TABLE conversations ADD COLUMN archived INTEGER NOT NULL DEFAULT 0; -- 0 or 1
ALTER TABLE conversations ADD COLUMN folder   TEXT;
ALTER TABLE conversations ADD COLUMN settings TEXT; -- JSON: ConversationSettings
-- No foreign key: a leaf that is hidden or gone counts as none.
ALTER TABLE conversations ADD COLUMN leaf     TEXT;

-- `deleted_with` is the message whose delete hides this one: itself, or the
-- nearest of those before it that was deleted. To restore a message is then to
-- restore what was deleted with it, and not what had been deleted by itself.
-- Both are NULL where nothing hides it.
ALTER TABLE messages ADD COLUMN deleted_ms   INTEGER;
ALTER TABLE messages ADD COLUMN deleted_with TEXT;
ALTER TABLE messages ADD COLUMN attachments  TEXT; -- JSON: a list of Attachment, or NULL

CREATE INDEX messages_deleted ON messages (deleted_with, deleted_ms)
    WHERE deleted_with IS NOT NULL;
-- Has all that is needed to tell which attachments are in use.
CREATE INDEX messages_with_attachments ON messages (attachments)
    WHERE attachments IS NOT NULL;

-- The bytes of files, once each.
CREATE TABLE attachments (
    hash       TEXT    NOT NULL PRIMARY KEY, -- SHA-256 of the bytes, hexadecimal
    name       TEXT    NOT NULL,
    media_type TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    tokens     INTEGER NOT NULL,
    created_ms INTEGER NOT NULL,
    data       BLOB    NOT NULL
) STRICT;

CREATE VIEW attachments_in_use (hash) AS
    SELECT file.value ->> 'hash' FROM messages, json_each(messages.attachments) AS file
    WHERE messages.attachments IS NOT NULL;

CREATE TABLE presets (
    name     TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL -- JSON: ConversationSettings
) STRICT;

-- The words of messages, by `messages.seq`. The text itself is not here: it is
-- in `messages`. What goes in has been taken apart and folded by the code
-- beside this; the tokenizer has only to part it at its spaces.
CREATE VIRTUAL TABLE message_words USING fts5 (
    words, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2 3'
);

-- Messages whose words are not in `message_words` yet.
CREATE TABLE messages_to_index (
    seq INTEGER PRIMARY KEY REFERENCES messages (seq) ON DELETE CASCADE
) STRICT;
INSERT INTO messages_to_index SELECT seq FROM messages;

CREATE TRIGGER messages_come AFTER INSERT ON messages BEGIN
    INSERT INTO messages_to_index VALUES (new.seq);
END;
CREATE TRIGGER messages_go AFTER DELETE ON messages BEGIN
    DELETE FROM message_words WHERE rowid = old.seq;
END;
