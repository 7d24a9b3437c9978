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
CREATE UNIQUE INDEX `vendor_keys_once` ON `vendor_keys` (`vendor`,`public_key`);