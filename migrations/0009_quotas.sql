CREATE TABLE `quota_use` (
	`owner` text NOT NULL,
	`quota` text NOT NULL,
	`began_at` integer NOT NULL,
	`used` integer NOT NULL,
	PRIMARY KEY(`owner`, `quota`)
);
--> statement-breakpoint
CREATE INDEX `quota_use_age` ON `quota_use` (`began_at`);