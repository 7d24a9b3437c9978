/** Budgets and machine of every suite made from this tree; they are part of suite.bin, so a change makes a new suite. */
import type { Budgets, MachineConstants } from "./types.ts";

/**
 * `fuel_slice` stands for well under 20 ms: short schedules cost far more time than their instructions,
 * about 60 µs each, and 50 of them fit into a slice.
 */
export const budgets: Budgets = {
  fuel_boot: 20_000_000,
  fuel_schedule: 2_000_000,
  fuel_unit: 100_000_000,
  fuel_shard: 200_000_000,
  fuel_run: 4_000_000_000,
  fuel_slice: 100_000,
  trace_entries: 400,
};

/**
 * APIC ids are sparse and not in order, and span more than a 128-bit window, so that a half that takes them for vCPU numbers or
 * keeps a window as Linux did before commit c15e0ae42c8e is found out.
 */
export const constants: MachineConstants = {
  vcpus: 4,
  memory_pages: 1024,
  host_pages: 64,
  tsc_hz: 2_500_000_000,
  apic_id: [5, 130, 0, 67, 133, 1, 200, 254],
};
