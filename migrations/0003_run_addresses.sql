CREATE TABLE `run_addresses` (
	`run` text PRIMARY KEY NOT NULL,
	`address` text NOT NULL,
	FOREIGN KEY (`run`) REFERENCES `runs`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `run_addresses_address` ON `run_addresses` (`address`);