-- "Rvlt": tells our file from that of another program.
PRAGMA application_id = 0x52766C74;

-- Ids are UUIDs of version 7 as text: readable in any SQLite tool, and in
-- order of time. Times are milliseconds since the Unix epoch. Columns that
-- hold one word of a small vocabulary (role, state, …) use the words of the
-- API; the code that reads them refuses what it does not know.

CREATE TABLE conversations (
    id         TEXT    NOT NULL PRIMARY KEY,
    title      TEXT    NOT NULL,
    created_ms INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    deleted_ms INTEGER
) STRICT;

CREATE INDEX conversations_shown ON conversations (updated_ms, id) WHERE deleted_ms IS NULL;
CREATE INDEX conversations_deleted ON conversations (deleted_ms) WHERE deleted_ms IS NOT NULL;

CREATE TABLE messages (
    -- The order of insertion: parents before children and older versions
    -- before newer ones, whatever the clock did.
    seq          INTEGER PRIMARY KEY,
    id           TEXT    NOT NULL UNIQUE,
    conversation TEXT    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    -- No cascade: messages go with their conversation, and a cascade along a
    -- long chain of answers would exceed SQLite's limit of 1,000 levels.
    parent       TEXT    REFERENCES messages (id),
    role         TEXT    NOT NULL,
    state        TEXT    NOT NULL,
    model        TEXT,
    created_ms   INTEGER NOT NULL,
    turn         TEXT    UNIQUE,
    last_event   INTEGER NOT NULL,
    text         TEXT    NOT NULL,
    thinking     TEXT    NOT NULL,
    tools        TEXT    NOT NULL, -- JSON: a list of ToolCall
    statistics   TEXT,             -- JSON: Statistics
    reason       TEXT,
    problem      TEXT              -- JSON: Problem
) STRICT;

CREATE INDEX messages_of_conversation ON messages (conversation);
CREATE INDEX messages_by_parent ON messages (parent);
CREATE INDEX messages_being_written ON messages (state) WHERE state = 'writing';

-- What a message that is being written got since the row in `messages` was
-- stored, in pieces, so that adding one costs what is new and not what is
-- there. They are folded together when the message is read, and removed when
-- its turn ends.
CREATE TABLE checkpoints (
    answer     TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    last_event INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    thinking   TEXT    NOT NULL,
    whole      TEXT,               -- JSON: Transcript, instead of all before
    PRIMARY KEY (answer, last_event)
) STRICT;

-- One row for each call to an upstream model. `turn` is no foreign key: what
-- was spent stays known after its conversation was removed.
CREATE TABLE attempts (
    id              TEXT    NOT NULL PRIMARY KEY,
    turn            TEXT    NOT NULL,
    number          INTEGER NOT NULL,
    provider        TEXT    NOT NULL,
    model           TEXT    NOT NULL,
    answered_by     TEXT,
    started_ms      INTEGER NOT NULL,
    first_token_ms  INTEGER,
    duration_ms     INTEGER NOT NULL,
    outcome         TEXT    NOT NULL,
    problem         TEXT,
    status          INTEGER,
    code            TEXT,
    input_tokens    INTEGER,
    output_tokens   INTEGER,
    cached_tokens   INTEGER,
    thinking_tokens INTEGER,
    estimated       INTEGER NOT NULL -- 0 or 1
) STRICT;

CREATE UNIQUE INDEX attempts_of_turn ON attempts (turn, number);
CREATE INDEX attempts_by_time ON attempts (started_ms);
CREATE INDEX attempts_by_model ON attempts (provider, model, started_ms);
