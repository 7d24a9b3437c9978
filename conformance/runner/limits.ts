/** Bounds of a submission, checked before anything is read. */
import type { PartName } from "./types.ts";

const KIB = 1024;

/** Largest files. */
export const PART_BYTES_MAX: Readonly<Record<PartName | "manifest", number>> = {
  manifest: 64 * KIB,
  guest: 1024 * KIB,
  host: 2048 * KIB,
  rom: 256 * KIB,
};

/** Linear memory in pages of 64 KiB; guest half and ROM once per vCPU, host half once. */
export const MEMORY_PAGES_MAX: Readonly<Record<PartName, number>> = { guest: 32, host: 64, rom: 2 };
