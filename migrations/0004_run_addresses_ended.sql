-- Where a run came from matters to a quota while it waits, and to nobody later.
CREATE TRIGGER runs_address_forgotten AFTER UPDATE OF state ON runs
WHEN NEW.state IN ('published', 'abandoned', 'cancelled')
BEGIN
  DELETE FROM run_addresses WHERE run = NEW.id;
END;
