DROP INDEX `builds_backend`;--> statement-breakpoint
CREATE INDEX `builds_vendor` ON `builds` (`vendor`,`created_at`,`digest`);--> statement-breakpoint
CREATE INDEX `builds_created` ON `builds` (`created_at`,`digest`);--> statement-breakpoint
CREATE INDEX `builds_backend` ON `builds` (`vendor`,`backend`,`created_at`,`digest`);--> statement-breakpoint
ALTER TABLE `backends` ADD `latest_run` text;--> statement-breakpoint
ALTER TABLE `runs` ADD `cause` text DEFAULT 'submission' NOT NULL;--> statement-breakpoint
ALTER TABLE `runs` ADD `repeats` text;--> statement-breakpoint
CREATE INDEX `runs_repeats` ON `runs` (`repeats`);--> statement-breakpoint
CREATE INDEX `runs_created` ON `runs` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_state` ON `runs` (`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_build` ON `runs` (`build`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `events_actor` ON `events` (`actor`,`id`);