// Exports of core.wasm, the conformance VM. The runner is the only caller; structs and JSON are described where they are written.
import { arenaReset, arenaUsed, immutableAlloc } from "./memory/arena";
import { snapshotDigest } from "./memory/snapshot";
import { bootForget, bootRun, isBooted, linkMachine } from "./vm/boot";
import { configAddress, configClear, unitAddress } from "./vm/config";
import { coverageAddress, coverageForget } from "./vm/coverage";
import { installDispatch } from "./vm/dispatch";
import { refuse } from "./vm/errors";
import { describeModule, loadModule, modulesForget } from "./vm/modules";
import { opAdd, opsForget } from "./vm/ops";
import { errorAddress, errorLength, outputAddress, outputLength } from "./vm/text";
import { unitBegin, unitRun } from "./vm/unit";

const CORE_VERSION: u32 = 1;
/** Room for the largest module: the staging buffer is kept between calls. */
const STAGING_BYTES: u32 = 2 << 20;

let ready: bool = false;
let staging: usize = 0;

export function core_version(): u32 {
  return CORE_VERSION;
}

/** Forgets everything: modules, machine, snapshot. */
export function reset(): void {
  arenaReset();
  staging = 0;
  configClear();
  modulesForget();
  opsForget();
  bootForget();
  coverageForget();
  installDispatch();
  ready = true;
}

function ensure(): void {
  if (!ready) reset();
}

/** Address of a staging buffer of `size` bytes, valid until the next call; 0 = more than 2 MiB or no memory. */
export function input(size: u32): usize {
  ensure();
  if (size > STAGING_BYTES) return 0;
  if (!staging) staging = immutableAlloc(STAGING_BYTES);
  return staging;
}

/** Address of the Config struct (vm/config.ts). */
export function config(): usize {
  ensure();
  return configAddress;
}

/** Adds the op whose export name is in the staging buffer; its number, -1 on error. */
export function op_add(length: u32): i32 {
  ensure();
  return opAdd(staging, length);
}

/** Loads the module in the staging buffer as a role (0 kernel, 1 native, 2 guest, 3 rom, 4 host); 0 or 1 with error_text. */
export function load(role: u32, length: u32): u32 {
  ensure();
  if (!staging || length > STAGING_BYTES) return refuse("E_LIMIT", role, "no module is in the staging buffer, or it is larger than 2 MiB");
  return loadModule(role, staging, length);
}

export function error_text(): usize {
  return errorAddress();
}

export function error_length(): u32 {
  return errorLength();
}

/** Describes a loaded module as JSON in the output buffer (null if none is loaded); returns its length. */
export function describe(role: u32): u32 {
  return describeModule(role);
}

/** Makes the configured machine and links the loaded modules; 0 or 1 with error_text. */
export function link(): u32 {
  ensure();
  return linkMachine();
}

/** Boots for at most `fuel`: 0 more to do, 1 booted, 2 failed with the outcome in the output buffer. */
export function boot(fuel: u32): u32 {
  return bootRun(fuel);
}

/** Address of the Unit struct (vm/config.ts). */
export function unit(): usize {
  return unitAddress;
}

/** Prepares the unit; 0 or 1 with error_text. A schedule to replay is in the staging buffer. */
export function unit_begin(): u32 {
  if (!isBooted()) return refuse("E_UNIT", -1, "nothing is booted: link and boot first");
  return unitBegin(staging);
}

/** Runs the unit for at most `fuel`: 0 more to do, 1 done with the outcome in the output buffer. */
export function unit_step(fuel: u32): u32 {
  return unitRun(fuel) ? 1 : 0;
}

export function output(): usize {
  return outputAddress();
}

export function output_length(): u32 {
  return outputLength();
}

/** Address of the marks of instrumented halves (vm/coverage.ts), 0 if there are none. */
export function coverage(): usize {
  return coverageAddress();
}

/** Bytes of core memory in use. */
export function memory_used(): u32 {
  return <u32>arenaUsed();
}

/** Hash of all mutable state: equal states give equal digests. */
export function snapshot_digest_lo(): u32 {
  return <u32>snapshotDigest();
}

export function snapshot_digest_hi(): u32 {
  return <u32>(snapshotDigest() >> 32);
}
