CREATE TABLE `oidc_uses` (
	`jti` text PRIMARY KEY NOT NULL,
	`expires_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `oidc_uses_age` ON `oidc_uses` (`expires_at`);--> statement-breakpoint
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
ALTER TABLE `tokens` ADD `backend` text;--> statement-breakpoint
ALTER TABLE `tokens` ADD `publisher` text;--> statement-breakpoint
ALTER TABLE `tokens` ADD `provenance` text DEFAULT 'token' NOT NULL;