-- serves: 1
--
-- How far the broker has confirmed the events of each channel. The stored events are the outbox: those behind the cursor
-- are still to be published. A channel without a row has published nothing.
--
-- * `fence` grows with each holder of the channel's publisher lock. A cursor moves only under the number of its last
--   holder, so that one which lost its network can't move it any more.
-- * `holder` names the server that published last; whether it still does, the advisory lock says.

CREATE TABLE broker_cursors (
  channel integer PRIMARY KEY,
  position bigint NOT NULL DEFAULT 0,
  fence bigint NOT NULL DEFAULT 0,
  holder text COLLATE "C" NOT NULL,
  held_since timestamptz NOT NULL DEFAULT now(),
  moved timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ck_broker_cursors_position CHECK (position >= 0)
) WITH (fillfactor = 20);
