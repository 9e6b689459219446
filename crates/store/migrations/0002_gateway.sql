-- What an attempt cost, by which price, and why it was made. Amounts of money
-- are decimals in text, so that nothing rounds them.
ALTER TABLE attempts ADD COLUMN cache_write_tokens INTEGER;
ALTER TABLE attempts ADD COLUMN cost      TEXT;
ALTER TABLE attempts ADD COLUMN price     TEXT; -- JSON: Price
ALTER TABLE attempts ADD COLUMN reason    TEXT    NOT NULL DEFAULT 'first';
ALTER TABLE attempts ADD COLUMN waited_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE attempts ADD COLUMN streamed  INTEGER NOT NULL DEFAULT 1; -- 0 or 1
ALTER TABLE attempts ADD COLUMN route     TEXT;

-- Answers to requests that may be answered from memory, under the hash of
-- what was asked. `answer` is the gateway's business.
CREATE TABLE cached_answers (
    key        TEXT    NOT NULL PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    answer     TEXT    NOT NULL -- JSON: CachedAnswer
) STRICT;

CREATE INDEX cached_answers_by_age ON cached_answers (created_ms);
