CREATE TABLE `backends` (
	`vendor` text NOT NULL,
	`slug` text NOT NULL,
	`current_run` text,
	`created_at` integer NOT NULL,
	`latest_run` text,
	PRIMARY KEY(`vendor`, `slug`),
	FOREIGN KEY (`vendor`) REFERENCES `vendors`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `builds` (
	`digest` text PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`backend` text NOT NULL,
	`version` text NOT NULL,
	`profile` text NOT NULL,
	`machine` text NOT NULL,
	`manifest` text NOT NULL,
	`manifest_digest` text NOT NULL,
	`guest_digest` text,
	`guest_size_bytes` integer,
	`host_digest` text,
	`host_size_bytes` integer,
	`rom_digest` text,
	`rom_size_bytes` integer,
	`provenance` text NOT NULL,
	`created_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `builds_backend` ON `builds` (`vendor`,`backend`,`created_at`,`digest`);--> statement-breakpoint
CREATE INDEX `builds_vendor` ON `builds` (`vendor`,`created_at`,`digest`);--> statement-breakpoint
CREATE INDEX `builds_created` ON `builds` (`created_at`,`digest`);--> statement-breakpoint
CREATE TABLE `deliveries` (
	`hook` text NOT NULL,
	`message` text NOT NULL,
	`received_at` integer NOT NULL,
	PRIMARY KEY(`hook`, `message`)
);
--> statement-breakpoint
CREATE INDEX `deliveries_age` ON `deliveries` (`received_at`);--> statement-breakpoint
CREATE TABLE `disputes` (
	`id` text PRIMARY KEY NOT NULL,
	`run` text NOT NULL,
	`build` text NOT NULL,
	`suite` text NOT NULL,
	`reproduction` text NOT NULL,
	`claimant` text NOT NULL,
	`claim` text NOT NULL,
	`opened_at` integer NOT NULL,
	`state` text NOT NULL,
	`state_at` integer NOT NULL,
	`state_actor` text NOT NULL,
	`reason` text,
	FOREIGN KEY (`run`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`reproduction`) REFERENCES `reproductions`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `disputes_of` ON `disputes` (`build`,`suite`,`state`);--> statement-breakpoint
CREATE INDEX `disputes_opened` ON `disputes` (`opened_at`,`id`);--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`type` text NOT NULL,
	`subject` text NOT NULL,
	`before` text,
	`after` text,
	`detail` text
);
--> statement-breakpoint
CREATE INDEX `events_subject` ON `events` (`subject`,`id`);--> statement-breakpoint
CREATE INDEX `events_actor` ON `events` (`actor`,`id`);--> statement-breakpoint
CREATE TABLE `hook_secrets` (
	`id` text PRIMARY KEY NOT NULL,
	`hook` text NOT NULL,
	`sealed` text NOT NULL,
	`created_at` integer NOT NULL,
	`not_after` integer,
	FOREIGN KEY (`hook`) REFERENCES `hooks`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `hook_secrets_hook` ON `hook_secrets` (`hook`);--> statement-breakpoint
CREATE TABLE `hooks` (
	`id` text PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`kind` text NOT NULL,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	`hosts` text DEFAULT '[]' NOT NULL,
	`repository_id` text,
	FOREIGN KEY (`vendor`) REFERENCES `vendors`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`vendor` text NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`answer` text,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`vendor`, `key`)
);
--> statement-breakpoint
CREATE INDEX `idempotency_keys_age` ON `idempotency_keys` (`created_at`);--> statement-breakpoint
CREATE TABLE `oidc_uses` (
	`jti` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `oidc_uses_age` ON `oidc_uses` (`expires_at`);--> statement-breakpoint
CREATE TABLE `op_results` (
	`run` text NOT NULL,
	`op` text NOT NULL,
	`place` integer NOT NULL,
	`verdict` text NOT NULL,
	`native` integer NOT NULL,
	`clauses` text NOT NULL,
	`costs` text NOT NULL,
	PRIMARY KEY(`run`, `op`),
	FOREIGN KEY (`run`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `publishers` (
	`id` text PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`backend` text NOT NULL,
	`owner_id` text NOT NULL,
	`repository_id` text NOT NULL,
	`repository` text NOT NULL,
	`workflow` text NOT NULL,
	`environment` text,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	FOREIGN KEY (`vendor`) REFERENCES `vendors`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `publishers_backend` ON `publishers` (`vendor`,`backend`);--> statement-breakpoint
CREATE TABLE `quota_use` (
	`owner` text NOT NULL,
	`quota` text NOT NULL,
	`began_at` integer NOT NULL,
	`used` integer NOT NULL,
	PRIMARY KEY(`owner`, `quota`)
);
--> statement-breakpoint
CREATE INDEX `quota_use_age` ON `quota_use` (`began_at`);--> statement-breakpoint
CREATE TABLE `reproductions` (
	`id` text PRIMARY KEY NOT NULL,
	`run` text NOT NULL,
	`build` text NOT NULL,
	`suite` text NOT NULL,
	`vendor` text NOT NULL,
	`seed` text NOT NULL,
	`state` text NOT NULL,
	`state_at` integer NOT NULL,
	`state_actor` text NOT NULL,
	`issued_at` integer NOT NULL,
	`expires_at` integer NOT NULL,
	`committed_digest` text,
	`check_run` text,
	`check_digest` text,
	`repeat_run` text,
	`repeat_digest` text,
	FOREIGN KEY (`run`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`vendor`) REFERENCES `vendors`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `reproductions_seed` ON `reproductions` (`seed`);--> statement-breakpoint
CREATE INDEX `reproductions_of` ON `reproductions` (`build`,`suite`,`state`);--> statement-breakpoint
CREATE INDEX `reproductions_due` ON `reproductions` (`state`,`expires_at`);--> statement-breakpoint
CREATE TABLE `revocations` (
	`build` text PRIMARY KEY NOT NULL,
	`at` integer NOT NULL,
	`actor` text NOT NULL,
	`reason` text NOT NULL,
	FOREIGN KEY (`build`) REFERENCES `builds`(`digest`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `runs` (
	`id` text PRIMARY KEY NOT NULL,
	`build` text NOT NULL,
	`suite` text NOT NULL,
	`attempt` integer NOT NULL,
	`state` text NOT NULL,
	`state_at` integer NOT NULL,
	`state_actor` text NOT NULL,
	`reason` text,
	`next_at` integer,
	`created_at` integer NOT NULL,
	`challenge` text DEFAULT '' NOT NULL,
	`report_digest` text,
	`conforms` integer,
	`held` integer,
	`of` integer,
	`summary` text,
	`cause` text DEFAULT 'submission' NOT NULL,
	`repeats` text,
	FOREIGN KEY (`build`) REFERENCES `builds`(`digest`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`suite`) REFERENCES `suites`(`digest`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `runs_due` ON `runs` (`next_at`);--> statement-breakpoint
CREATE INDEX `runs_report` ON `runs` (`report_digest`);--> statement-breakpoint
CREATE INDEX `runs_repeats` ON `runs` (`repeats`);--> statement-breakpoint
CREATE INDEX `runs_created` ON `runs` (`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_state` ON `runs` (`state`,`created_at`,`id`);--> statement-breakpoint
CREATE INDEX `runs_build` ON `runs` (`build`,`created_at`,`id`);--> statement-breakpoint
CREATE UNIQUE INDEX `runs_identity` ON `runs` (`build`,`suite`,`challenge`,`attempt`);--> statement-breakpoint
CREATE TABLE `shards` (
	`run` text NOT NULL,
	`shard` integer NOT NULL,
	`units` text NOT NULL,
	`done` integer DEFAULT false NOT NULL,
	`tries` integer DEFAULT 0 NOT NULL,
	`lease_until` integer,
	`error` text,
	PRIMARY KEY(`run`, `shard`),
	FOREIGN KEY (`run`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE TABLE `suites` (
	`digest` text PRIMARY KEY NOT NULL,
	`pvi` text NOT NULL,
	`judge` text NOT NULL,
	`seen_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`hash` text NOT NULL,
	`scopes` text NOT NULL,
	`created_at` integer NOT NULL,
	`expires_at` integer,
	`revoked_at` integer,
	`last_used_at` integer,
	`backend` text,
	`publisher` text,
	`provenance` text DEFAULT 'token' NOT NULL,
	FOREIGN KEY (`vendor`) REFERENCES `vendors`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tokens_hash_unique` ON `tokens` (`hash`);--> statement-breakpoint
CREATE INDEX `tokens_vendor` ON `tokens` (`vendor`);--> statement-breakpoint
CREATE TABLE `vendor_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`vendor` text NOT NULL,
	`public_key` text NOT NULL,
	`not_before` integer NOT NULL,
	`not_after` integer NOT NULL,
	`signed_by` text,
	`created_at` integer NOT NULL,
	`revoked_at` integer,
	`revoked_for` text,
	FOREIGN KEY (`vendor`) REFERENCES `vendors`(`slug`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE UNIQUE INDEX `vendor_keys_once` ON `vendor_keys` (`vendor`,`public_key`);--> statement-breakpoint
CREATE TABLE `vendors` (
	`slug` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`verified_at` integer,
	`created_at` integer NOT NULL,
	`verified_by` text
);
