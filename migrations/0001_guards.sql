-- A run moves along worker/pipeline/states.ts only.
CREATE TRIGGER runs_transition BEFORE UPDATE OF state ON runs
WHEN NEW.state <> OLD.state AND NOT (
  (OLD.state = 'received' AND NEW.state IN ('queued', 'abandoned', 'cancelled')) OR
  (OLD.state = 'queued' AND NEW.state IN ('running', 'abandoned', 'cancelled')) OR
  (OLD.state = 'running' AND NEW.state IN ('merging', 'abandoned', 'cancelled')) OR
  (OLD.state = 'merging' AND NEW.state IN ('judging', 'abandoned', 'cancelled')) OR
  (OLD.state = 'judging' AND NEW.state IN ('published', 'abandoned', 'cancelled'))
)
BEGIN SELECT RAISE(ABORT, 'runs: transition refused'); END;
--> statement-breakpoint
CREATE TRIGGER runs_begin BEFORE INSERT ON runs
WHEN NEW.state <> 'received'
BEGIN SELECT RAISE(ABORT, 'runs: a run begins as received'); END;
--> statement-breakpoint
-- A published run has its report and its score, and only a published one has.
CREATE TRIGGER runs_evidence BEFORE UPDATE ON runs
WHEN (NEW.state = 'published') <> (NEW.report_digest IS NOT NULL AND NEW.summary IS NOT NULL AND NEW.conforms IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'runs: report and state do not agree'); END;
--> statement-breakpoint
CREATE TRIGGER runs_final BEFORE UPDATE ON runs
WHEN OLD.state IN ('published', 'abandoned', 'cancelled')
BEGIN SELECT RAISE(ABORT, 'runs: a finished run does not change'); END;
--> statement-breakpoint
CREATE TRIGGER runs_identity_fixed BEFORE UPDATE OF id, build, suite, attempt, created_at ON runs
BEGIN SELECT RAISE(ABORT, 'runs: identity does not change'); END;
--> statement-breakpoint
CREATE TRIGGER runs_kept BEFORE DELETE ON runs
BEGIN SELECT RAISE(ABORT, 'runs: a run is never deleted'); END;
--> statement-breakpoint
-- No change of state without its event, whoever writes.
CREATE TRIGGER runs_received AFTER INSERT ON runs
BEGIN
  INSERT INTO events (at, actor, type, subject, after, detail)
  VALUES (NEW.state_at, NEW.state_actor, 'run.received', 'run:' || NEW.id, 'received', NEW.build);
END;
--> statement-breakpoint
CREATE TRIGGER runs_moved AFTER UPDATE OF state ON runs
WHEN NEW.state <> OLD.state
BEGIN
  INSERT INTO events (at, actor, type, subject, before, after, detail)
  VALUES (NEW.state_at, NEW.state_actor, 'run.' || NEW.state, 'run:' || NEW.id, OLD.state, NEW.state,
    coalesce(NEW.reason, NEW.report_digest));
END;
--> statement-breakpoint
CREATE TRIGGER op_results_judging BEFORE INSERT ON op_results
WHEN (SELECT state FROM runs WHERE id = NEW.run) IS NOT 'judging'
BEGIN SELECT RAISE(ABORT, 'op_results: results are added while judging, never later'); END;
--> statement-breakpoint
CREATE TRIGGER op_results_fixed BEFORE UPDATE ON op_results
BEGIN SELECT RAISE(ABORT, 'op_results: a result does not change'); END;
--> statement-breakpoint
CREATE TRIGGER op_results_kept BEFORE DELETE ON op_results
BEGIN SELECT RAISE(ABORT, 'op_results: a result is never deleted'); END;
--> statement-breakpoint
CREATE TRIGGER builds_fixed BEFORE UPDATE ON builds
BEGIN SELECT RAISE(ABORT, 'builds: a build does not change'); END;
--> statement-breakpoint
CREATE TRIGGER builds_kept BEFORE DELETE ON builds
BEGIN SELECT RAISE(ABORT, 'builds: a build is never deleted'); END;
--> statement-breakpoint
CREATE TRIGGER builds_received AFTER INSERT ON builds
BEGIN
  INSERT INTO events (at, actor, type, subject, after, detail)
  VALUES (NEW.created_at, 'vendor:' || NEW.vendor, 'build.received', 'build:' || NEW.digest, NEW.digest,
    NEW.vendor || '/' || NEW.backend || ' ' || NEW.version);
END;
--> statement-breakpoint
CREATE TRIGGER events_fixed BEFORE UPDATE ON events
BEGIN SELECT RAISE(ABORT, 'events: the record is append-only'); END;
--> statement-breakpoint
CREATE TRIGGER events_kept BEFORE DELETE ON events
BEGIN SELECT RAISE(ABORT, 'events: the record is append-only'); END;
--> statement-breakpoint
-- The shown result of a backend is a published run of that backend.
CREATE TRIGGER backends_current BEFORE UPDATE OF current_run ON backends
WHEN NEW.current_run IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM runs JOIN builds ON builds.digest = runs.build
  WHERE runs.id = NEW.current_run AND runs.state = 'published' AND builds.vendor = NEW.vendor AND builds.backend = NEW.slug
)
BEGIN SELECT RAISE(ABORT, 'backends: only a published run of this backend can be current'); END;
