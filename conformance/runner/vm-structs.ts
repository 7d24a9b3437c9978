/**
 * Config and Unit of core.wasm: little-endian u32 words, numbered from 0; `lo..hi` pairs are one u64.
 *
 *   Config  0 kind · 1 vcpus · 2 memory_pages · 3 host_pages · 4 abi_version · 5 fuel_boot · 6 fuel_schedule · 7 –
 *           8..9 fuel_unit · 10..11 feature_mask · 12..13 tsc_hz · 14..21 apic_id[8] · 22 slat · 23 trace_max · 24..25 seed
 *           26..27 withheld · 28..29 declared
 *   Unit    0 case · 1 role_count · 2..9 vcpu_of_role[8] · 10 strategy · 11 bound · 12 schedules_max · 13 flags · 14..15 seed
 *           16 stuck_clause · 17 arrivals · 18..49 {kind, vector, vcpu, max}[8] · 50 – · 51 slice · 52 slices · 53 schedule_length
 */
import { RunnerError } from "./errors.ts";
export interface VmConfig {
  /** 0 native, 1 enlightened, 2 shadow, 3 direct, 4 fullvirt. */
  kind: number;
  vcpus: number;
  memory_pages: number;
  host_pages: number;
  abi_version: number;
  fuel_boot: number;
  fuel_schedule: number;
  fuel_unit: number;
  /** The user's veto on features; all ones veto nothing. */
  feature_mask: bigint;
  tsc_hz: number;
  apic_id: readonly number[];
  slat: boolean;
  trace_entries: number;
  seed: bigint;
  /** Features that the host half must not offer, whatever the guest half is told; 0 for none. */
  withheld?: bigint;
  /** Features that the manifests of both halves declare; none if left out. */
  declared?: bigint;
}

export const strategies = { rr: 0, dfs: 1, pct: 2, replay: 3 } as const;
/** `sequential`: a replay deviates from round-robin and stepping time instead of lazy time. */
export const unitFlags = {
  fine: 1,
  evict: 2,
  steal: 4,
  timeFree: 8,
  traceAlways: 16,
  sequential: 32,
  /** Every alternative is tried, also those that commute: what the reduction is measured against. */
  unreduced: 64,
  /** RDTSC may execute before loads that precede it. */
  early: 128,
} as const;
export const arrivalKinds = { irq: 0, nmi: 1, migration: 2 } as const;

export interface VmUnit {
  case: number;
  vcpu_of_role: readonly number[];
  strategy: number;
  bound: number;
  schedules_max: number;
  flags: number;
  seed: bigint;
  stuck_clause: number;
  arrivals: readonly { kind: number; vector: number; vcpu: number; max: number }[];
  slice: number;
  slices: number;
  /** Replay only, e.g. "1-12:S1". */
  schedule?: string;
}

const CONFIG_WORDS = 30;
const UNIT_WORDS = 54;
const LIST_MAX = 8;

export function writeConfig(view: DataView, config: VmConfig): void {
  const word = zeroed(view, CONFIG_WORDS);
  word(0, config.kind);
  word(1, config.vcpus);
  word(2, config.memory_pages);
  word(3, config.host_pages);
  word(4, config.abi_version);
  word(5, config.fuel_boot);
  word(6, config.fuel_schedule);
  view.setBigUint64(8 * 4, BigInt(config.fuel_unit), true);
  view.setBigUint64(10 * 4, config.feature_mask, true);
  view.setBigUint64(12 * 4, BigInt(config.tsc_hz), true);
  for (const [index, id] of config.apic_id.slice(0, LIST_MAX).entries()) word(14 + index, id);
  word(22, config.slat ? 1 : 0);
  word(23, config.trace_entries);
  view.setBigUint64(24 * 4, config.seed, true);
  view.setBigUint64(26 * 4, config.withheld ?? 0n, true);
  view.setBigUint64(28 * 4, config.declared ?? 0n, true);
}

export function writeUnit(view: DataView, unit: VmUnit, scheduleLength: number): void {
  if (unit.seed < 0n || unit.seed >> 64n !== 0n)
    throw new RunnerError("seed-range", `A unit's seed is a number from 0 to 2^64 - 1, not ${unit.seed}.`);
  const word = zeroed(view, UNIT_WORDS);
  word(0, unit.case);
  word(1, unit.vcpu_of_role.length);
  for (const [role, vcpu] of unit.vcpu_of_role.slice(0, LIST_MAX).entries()) word(2 + role, vcpu);
  word(10, unit.strategy);
  word(11, unit.bound);
  word(12, unit.schedules_max);
  word(13, unit.flags);
  view.setBigUint64(14 * 4, unit.seed, true);
  word(16, unit.stuck_clause);
  const arrivals = unit.arrivals.slice(0, LIST_MAX);
  word(17, arrivals.length);
  for (const [index, { kind, vector, vcpu, max }] of arrivals.entries())
    for (const [field, value] of [kind, vector, vcpu, max].entries()) word(18 + 4 * index + field, value);
  word(51, unit.slice);
  word(52, unit.slices);
  word(53, scheduleLength);
}

function zeroed(view: DataView, words: number): (index: number, value: number) => void {
  const word = (index: number, value: number) => view.setUint32(index * 4, value >>> 0, true);
  for (let index = 0; index < words; index++) word(index, 0);
  return word;
}
