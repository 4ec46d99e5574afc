-- The ledger's table and who may do what to it. Run as the owner of the database, as often as one likes.
-- The writer's name is put in for {{writer}}.
CREATE TABLE IF NOT EXISTS ledger (
  seq      bigint      PRIMARY KEY CHECK (seq > 0),
  at       timestamptz NOT NULL,
  kind     text        NOT NULL,
  name     text        NOT NULL,
  payload  text        NOT NULL,
  previous text        NOT NULL UNIQUE,
  hash     text        NOT NULL UNIQUE
);
CREATE INDEX IF NOT EXISTS ledger_about ON ledger (kind, name, seq);

-- A row continues the chain, or is refused.
CREATE OR REPLACE FUNCTION ledger_continues() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last ledger%ROWTYPE;
BEGIN
  SELECT * INTO last FROM ledger ORDER BY seq DESC LIMIT 1;
  IF NEW.seq <> coalesce(last.seq, 0) + 1 OR NEW.previous <> coalesce(last.hash, repeat('0', 64)) OR NEW.at < last.at THEN
    RAISE EXCEPTION 'row % does not continue the ledger, which ends at row %', NEW.seq, coalesce(last.seq, 0)
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER ledger_continues BEFORE INSERT ON ledger FOR EACH ROW EXECUTE FUNCTION ledger_continues();

CREATE OR REPLACE FUNCTION ledger_keeps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is only added to: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE OR REPLACE TRIGGER ledger_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger FOR EACH STATEMENT EXECUTE FUNCTION ledger_keeps();

REVOKE ALL ON ledger FROM PUBLIC, {{writer}};
GRANT USAGE ON SCHEMA public TO {{writer}};
GRANT SELECT, INSERT ON ledger TO {{writer}};
