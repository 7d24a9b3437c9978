// What one machine is made of. Filled by the VM after machineReset (machine.ts), constant from then on.
import { immutableAlloc } from "../memory/arena";

/** A kind is a row of initial controls (docs/abi.md). */
export const enum Kind {
  NATIVE = 0,
  ENLIGHTENED = 1,
  SHADOW = 2,
  DIRECT = 3,
  FULLVIRT = 4,
}

export const VCPUS_MAX: u32 = 8;
/** 8 MiB of guest memory. */
export const GUEST_PAGES_MAX: u32 = 2048;
export const HOST_PAGES_MAX: u32 = 1024;
/** Frames of somebody else, with canaries: nobody may touch them. */
export const FOREIGN_PAGES: u32 = 4;

@unmanaged
export class MachineConfig {
  kind: u32;
  vcpus: u32;
  /** Guest frames of 4 KiB. */
  pages: u32;
  host_pages: u32;
  /** Hertz of the bare machine's TSC. */
  tsc_hz: u64;
  /** Scrambles the frame order in S and D, and fills canaries. */
  seed: u64;
  /** The user's veto, for the info page. */
  feature_mask: u64;
  /** 1 if the kind has second-level translation by the manifest (D); E always has it. */
  slat: u32;
  reserved: u32;
}

/** The configuration of the present machine. */
export let config: MachineConfig = changetype<MachineConfig>(0);
let apicIds: usize = 0;

/** A zeroed configuration with the defaults; false when memory is used up. */
export function configReset(): bool {
  const at = immutableAlloc(offsetof<MachineConfig>());
  apicIds = immutableAlloc(VCPUS_MAX << 2);
  if (!at || !apicIds) return false;
  config = changetype<MachineConfig>(at);
  config.vcpus = 1;
  config.pages = 512;
  config.tsc_hz = 2_500_000_000;
  config.feature_mask = ~(<u64>0);
  for (let i: u32 = 0; i < VCPUS_MAX; i++) setApicId(i, i);
  return true;
}

/** APIC id of vCPU `i`, 0–255, sparse. */
export function apicId(i: u32): u32 {
  return load<u32>(apicIds + (i << 2));
}

export function setApicId(i: u32, id: u32): void {
  store<u32>(apicIds + (i << 2), id);
}

/** Null if the configuration is possible, else an ASCII sentence that says what is wrong. */
export function configProblem(): string | null {
  if (config.kind > <u32>Kind.FULLVIRT) return "machine kind: must be 0 to 4";
  if (config.vcpus < 1 || config.vcpus > VCPUS_MAX) return "vcpus: must be 1 to 8";
  if (config.pages < 128 || config.pages > GUEST_PAGES_MAX) return "memory_pages: must be 128 to 2048";
  if (config.host_pages > HOST_PAGES_MAX) return "host_pages: must be at most 1024";
  if (config.tsc_hz < 1_000_000 || config.tsc_hz > 10_000_000_000) return "tsc_hz: must be 1 MHz to 10 GHz";
  if (config.tsc_hz % 1000) return "tsc_hz: must be a multiple of 1000, so that CPUID 0x15 can say it exactly";
  for (let i: u32 = 0; i < config.vcpus; i++) {
    if (apicId(i) > 255) return "apic_id: must be 0 to 255";
    for (let j: u32 = 0; j < i; j++) if (apicId(i) == apicId(j)) return "apic_id: two vCPUs have the same";
  }
  return null;
}
