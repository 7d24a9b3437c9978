-- Which run began last is kept, not searched for.
CREATE TRIGGER runs_latest AFTER INSERT ON runs
BEGIN
  UPDATE backends SET latest_run = NEW.id
  WHERE (vendor, slug) = (SELECT vendor, backend FROM builds WHERE digest = NEW.build)
    AND NOT EXISTS (SELECT 1 FROM runs AS latest WHERE latest.id = backends.latest_run AND latest.created_at > NEW.created_at);
END;
--> statement-breakpoint
UPDATE backends SET latest_run = (
  SELECT runs.id FROM builds JOIN runs ON runs.build = builds.digest
  WHERE builds.vendor = backends.vendor AND builds.backend = backends.slug
  ORDER BY runs.created_at DESC, runs.attempt DESC LIMIT 1);
--> statement-breakpoint
CREATE TRIGGER runs_cause_fixed BEFORE UPDATE OF cause, repeats ON runs
BEGIN SELECT RAISE(ABORT, 'runs: why there is a run does not change'); END;
--> statement-breakpoint
-- A repetition that ends without a result cannot keep the failure from being shown.
CREATE TRIGGER runs_repeat_ended AFTER UPDATE OF state ON runs
WHEN NEW.state IN ('abandoned', 'cancelled') AND NEW.repeats IS NOT NULL
BEGIN
  UPDATE backends SET current_run = NEW.repeats
  WHERE (vendor, slug) = (SELECT vendor, backend FROM builds WHERE digest = NEW.build) AND NOT EXISTS (
    SELECT 1 FROM runs AS shown JOIN builds AS shown_build ON shown_build.digest = shown.build
      JOIN runs AS mine ON mine.id = NEW.repeats JOIN builds AS mine_build ON mine_build.digest = mine.build
    WHERE shown.id = backends.current_run
      AND (shown_build.created_at, shown.created_at) > (mine_build.created_at, mine.created_at));
END;
