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
  WHERE runs.id = NEW.current_run AND runs.state = 'published' AND runs.challenge = '' AND builds.vendor = NEW.vendor AND builds.backend = NEW.slug
)
BEGIN SELECT RAISE(ABORT, 'backends: only a published run of this backend can be current'); END;
--> statement-breakpoint
-- Which run began last is kept, not searched for.
CREATE TRIGGER runs_latest AFTER INSERT ON runs
WHEN NEW.challenge = ''
BEGIN
  UPDATE backends SET latest_run = NEW.id
  WHERE (vendor, slug) = (SELECT vendor, backend FROM builds WHERE digest = NEW.build)
    AND NOT EXISTS (SELECT 1 FROM runs AS latest WHERE latest.id = backends.latest_run AND latest.created_at > NEW.created_at);
END;
--> statement-breakpoint
CREATE TRIGGER runs_cause_fixed BEFORE UPDATE OF cause, repeats, challenge ON runs
BEGIN SELECT RAISE(ABORT, 'runs: why there is a run does not change'); END;
--> statement-breakpoint
-- A repetition that ends without a result cannot keep the failure from being shown.
CREATE TRIGGER runs_repeat_ended AFTER UPDATE OF state ON runs
WHEN NEW.state IN ('abandoned', 'cancelled') AND NEW.repeats IS NOT NULL AND NEW.challenge = ''
BEGIN
  UPDATE backends SET current_run = NEW.repeats
  WHERE (vendor, slug) = (SELECT vendor, backend FROM builds WHERE digest = NEW.build) AND NOT EXISTS (
    SELECT 1 FROM runs AS shown JOIN builds AS shown_build ON shown_build.digest = shown.build
      JOIN runs AS mine ON mine.id = NEW.repeats JOIN builds AS mine_build ON mine_build.digest = mine.build
    WHERE shown.id = backends.current_run
      AND (shown_build.created_at, shown.created_at) > (mine_build.created_at, mine.created_at));
END;
--> statement-breakpoint
-- A reproduction moves along worker/trust/reproductions.ts only.
CREATE TRIGGER reproductions_transition BEFORE UPDATE ON reproductions
WHEN NOT (
  (OLD.state = 'issued' AND NEW.state IN ('checking', 'lapsed')) OR
  (OLD.state = 'checking' AND NEW.state IN ('matched', 'repeating', 'failed')) OR
  (OLD.state = 'repeating' AND NEW.state IN ('matched', 'disputed', 'failed'))
)
BEGIN SELECT RAISE(ABORT, 'reproductions: transition refused'); END;
--> statement-breakpoint
CREATE TRIGGER reproductions_begin BEFORE INSERT ON reproductions
WHEN NEW.state <> 'issued' OR NEW.committed_digest IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'reproductions: it begins as issued'); END;
--> statement-breakpoint
CREATE TRIGGER reproductions_fixed BEFORE UPDATE OF id, run, build, suite, vendor, seed, issued_at ON reproductions
BEGIN SELECT RAISE(ABORT, 'reproductions: identity does not change'); END;
--> statement-breakpoint
-- The seed is run only against a digest that was committed to before, and that never changes.
CREATE TRIGGER reproductions_committed BEFORE UPDATE ON reproductions
WHEN (NEW.state NOT IN ('issued', 'lapsed') AND NEW.committed_digest IS NULL)
  OR (OLD.committed_digest IS NOT NULL AND NEW.committed_digest IS NOT OLD.committed_digest)
BEGIN SELECT RAISE(ABORT, 'reproductions: the commitment comes first and stays'); END;
--> statement-breakpoint
CREATE TRIGGER reproductions_kept BEFORE DELETE ON reproductions
BEGIN SELECT RAISE(ABORT, 'reproductions: one is never deleted'); END;
--> statement-breakpoint
CREATE TRIGGER reproductions_issued AFTER INSERT ON reproductions
BEGIN
  INSERT INTO events (at, actor, type, subject, after, detail)
  VALUES (NEW.state_at, NEW.state_actor, 'reproduction.issued', 'reproduction:' || NEW.id, 'issued', 'run:' || NEW.run);
END;
--> statement-breakpoint
CREATE TRIGGER reproductions_moved AFTER UPDATE OF state ON reproductions
BEGIN
  INSERT INTO events (at, actor, type, subject, before, after, detail)
  VALUES (NEW.state_at, NEW.state_actor, 'reproduction.' || NEW.state, 'reproduction:' || NEW.id, OLD.state, NEW.state,
    coalesce(NEW.repeat_digest, NEW.check_digest, NEW.committed_digest));
END;
--> statement-breakpoint
-- A run of a seed that ends without a result says nothing about the result that it was to check.
CREATE TRIGGER runs_challenge_ended AFTER UPDATE OF state ON runs
WHEN NEW.state IN ('abandoned', 'cancelled') AND NEW.challenge <> ''
BEGIN
  UPDATE reproductions SET state = 'failed', state_at = NEW.state_at, state_actor = NEW.state_actor
  WHERE seed = NEW.challenge AND state IN ('checking', 'repeating');
END;
--> statement-breakpoint
CREATE TRIGGER disputes_begin BEFORE INSERT ON disputes
WHEN NEW.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'disputes: it begins as open'); END;
--> statement-breakpoint
CREATE TRIGGER disputes_transition BEFORE UPDATE ON disputes
WHEN OLD.state <> 'open' OR NEW.state NOT IN ('upheld', 'dismissed') OR NEW.reason IS NULL
BEGIN SELECT RAISE(ABORT, 'disputes: it is closed once, with a reason'); END;
--> statement-breakpoint
CREATE TRIGGER disputes_fixed BEFORE UPDATE OF id, run, build, suite, reproduction, claimant, claim, opened_at ON disputes
BEGIN SELECT RAISE(ABORT, 'disputes: what is claimed does not change'); END;
--> statement-breakpoint
CREATE TRIGGER disputes_kept BEFORE DELETE ON disputes
BEGIN SELECT RAISE(ABORT, 'disputes: one is never deleted'); END;
--> statement-breakpoint
CREATE TRIGGER disputes_opened AFTER INSERT ON disputes
BEGIN
  INSERT INTO events (at, actor, type, subject, after, detail)
  VALUES (NEW.state_at, NEW.state_actor, 'dispute.open', 'dispute:' || NEW.id, 'open', 'run:' || NEW.run);
END;
--> statement-breakpoint
CREATE TRIGGER disputes_closed AFTER UPDATE OF state ON disputes
BEGIN
  INSERT INTO events (at, actor, type, subject, before, after, detail)
  VALUES (NEW.state_at, NEW.state_actor, 'dispute.' || NEW.state, 'dispute:' || NEW.id, OLD.state, NEW.state, NEW.reason);
END;
--> statement-breakpoint
CREATE TRIGGER revocations_fixed BEFORE UPDATE ON revocations
BEGIN SELECT RAISE(ABORT, 'revocations: one does not change'); END;
--> statement-breakpoint
CREATE TRIGGER revocations_kept BEFORE DELETE ON revocations
BEGIN SELECT RAISE(ABORT, 'revocations: one is never taken back'); END;
--> statement-breakpoint
CREATE TRIGGER revocations_made AFTER INSERT ON revocations
BEGIN
  INSERT INTO events (at, actor, type, subject, after, detail)
  VALUES (NEW.at, NEW.actor, 'build.revoked', 'build:' || NEW.build, 'revoked', NEW.reason);
END;
