-- What a backend shows is a state too: an event with the digests of both reports, whoever moves it.
CREATE TRIGGER backends_shown AFTER UPDATE OF current_run ON backends
WHEN NEW.current_run IS NOT OLD.current_run
BEGIN
  INSERT INTO events (at, actor, type, subject, before, after, detail)
  VALUES ((SELECT max(state_at, (SELECT at FROM events ORDER BY id DESC LIMIT 1)) FROM runs WHERE id = NEW.current_run), 'registry',
    'backend.shown', 'backend:' || NEW.vendor || '/' || NEW.slug,
    (SELECT report_digest FROM runs WHERE id = OLD.current_run), (SELECT report_digest FROM runs WHERE id = NEW.current_run),
    'run:' || NEW.current_run);
END;
