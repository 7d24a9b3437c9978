// Config and Unit: structs the runner writes. Little-endian u32 words, numbered from 0.
//
//   Config  0 kind · 1 vcpus · 2 memory_pages · 3 host_pages · 4 abi_version · 5 fuel_boot · 6 fuel_schedule · 7 reserved
//           8..9 fuel_unit · 10..11 feature_mask · 12..13 tsc_hz · 14..21 apic_id[8] · 22 slat · 23 trace_max · 24..25 seed
//           26..27 withheld · 28..29 declared
//   Unit    0 case · 1 role_count · 2..9 vcpu_of_role[8] · 10 strategy · 11 bound · 12 schedules_max · 13 flags · 14..15 seed
//           16 stuck_clause · 17 arrivals · 18..49 {kind, vector, vcpu, max}[8] · 50 unused · 51 slice · 52 slices · 53 schedule_length

export const VCPUS_MAX: u32 = 8;
export const ROLES_MAX: u32 = 8;
export const ARRIVALS_MAX: u32 = 8;

/** The only kind without a host half; the others are machine/config.ts's. */
export const KIND_NATIVE: u32 = 0;

export const STRATEGY_RR: u32 = 0;
export const STRATEGY_DFS: u32 = 1;
export const STRATEGY_PCT: u32 = 2;
export const STRATEGY_REPLAY: u32 = 3;

export const FLAG_FINE: u32 = 1;
export const FLAG_EVICT: u32 = 2;
export const FLAG_STEAL: u32 = 4;
export const FLAG_TIME: u32 = 8;
export const FLAG_TRACE: u32 = 16;
/** Replay of a sequential case: round-robin and stepping time are the base that the schedule deviates from. */
export const FLAG_SEQUENTIAL: u32 = 32;
/** RDTSC may execute before loads that precede it. */
export const FLAG_EARLY: u32 = 128;
/** Every alternative is tried, also those that commute with what others do: the measure of what the reduction keeps. */
export const FLAG_UNREDUCED: u32 = 64;

@unmanaged
export class Config {
  kind: u32;
  vcpus: u32;
  memoryPages: u32;
  hostPages: u32;
  abiVersion: u32;
  fuelBoot: u32;
  fuelSchedule: u32;
  reserved: u32;
  fuelUnit: u64;
  featureMask: u64;
  tscHz: u64;
  apicId0: u32;
  apicId1: u32;
  apicId2: u32;
  apicId3: u32;
  apicId4: u32;
  apicId5: u32;
  apicId6: u32;
  apicId7: u32;
  slat: u32;
  traceMax: u32;
  seed: u64;
  withheld: u64;
  declared: u64;
}

@unmanaged
export class Unit {
  caseIndex: u32;
  roleCount: u32;
}

const CONFIG_BYTES: usize = 120;
const UNIT_BYTES: usize = 216;
export const configAddress: usize = memory.data(120, 8);
export const unitAddress: usize = memory.data(216, 8);
export const config = changetype<Config>(configAddress);

/** Fuel limits of the product, which apply where the runner left 0. */
const FUEL_BOOT: u32 = 20_000_000;
const FUEL_SCHEDULE: u32 = 2_000_000;
const FUEL_UNIT: u64 = 100_000_000;
const TSC_HZ: u64 = 2_500_000_000;
const TRACE_MAX: u32 = 400;

export function configClear(): void {
  memory.fill(configAddress, 0, CONFIG_BYTES);
  memory.fill(unitAddress, 0, UNIT_BYTES);
}

/** Fills in what was left 0; called once at link. */
export function configDefaults(): void {
  if (!config.vcpus) config.vcpus = 1;
  if (!config.memoryPages) config.memoryPages = 1024;
  if (!config.fuelBoot) config.fuelBoot = FUEL_BOOT;
  if (!config.fuelSchedule) config.fuelSchedule = FUEL_SCHEDULE;
  if (!config.fuelUnit) config.fuelUnit = FUEL_UNIT;
  if (!config.tscHz) config.tscHz = TSC_HZ;
  if (!config.traceMax || config.traceMax > TRACE_MAX) config.traceMax = TRACE_MAX;
}

export function configApicId(vcpu: u32): u32 {
  return load<u32>(configAddress + 56 + (vcpu << 2));
}

/** Word `index` of the unit as the runner wrote it. */
@inline
export function unitWord(index: u32): u32 {
  return load<u32>(unitAddress + (index << 2));
}

@inline
export function unitCase(): u32 {
  return unitWord(0);
}

@inline
export function unitRoles(): u32 {
  return unitWord(1);
}

export function unitVcpuOfRole(role: u32): u32 {
  return unitWord(2 + role);
}

export function unitStrategy(): u32 {
  return unitWord(10);
}

/** Most preemptions of a dfs schedule; depth of pct. */
export function unitBound(): u32 {
  return unitWord(11);
}

export function unitSchedulesMax(): u32 {
  return unitWord(12);
}

@inline
export function unitFlags(): u32 {
  return unitWord(13);
}

export function unitSeed(): u64 {
  return load<u64>(unitAddress + 56);
}

export function unitStuckClause(): i32 {
  return <i32>unitWord(16);
}

export function unitArrivals(): u32 {
  return unitWord(17);
}

/** Kinds of arrivals. */
export const ARRIVAL_IRQ: u32 = 0;
export const ARRIVAL_NMI: u32 = 1;
export const ARRIVAL_MIGRATION: u32 = 2;

/** Field 0 kind, 1 vector (of an interrupt), 2 vcpu, 3 max of arrival k. */
export function unitArrival(k: u32, field: u32): u32 {
  return unitWord(18 + (k << 2) + field);
}

export function unitSlice(): u32 {
  return unitWord(51);
}

export function unitSlices(): u32 {
  const count = unitWord(52);
  return count ? count : 1;
}

export function unitScheduleLength(): u32 {
  return unitWord(53);
}
