// CPUID of the bare machine: only what this machine really has.
import { config } from "./config";
import { PHYSICAL_BITS } from "./paging";
import { Vcpu } from "./vcpu";

/** EAX, EBX, ECX, EDX of the last cpuidOf. */
export let eax: u32 = 0;
export let ebx: u32 = 0;
export let ecx: u32 = 0;
export let edx: u32 = 0;

const LEAF_MAX: u32 = 0x16;
const EXTENDED_MAX: u32 = 0x8000_0008;

function answer(a: u32, b: u32, c: u32, d: u32): void {
  eax = a;
  ebx = b;
  ecx = c;
  edx = d;
}

/** Answers one leaf into eax, ebx, ecx, edx; unknown leaves are all zero. */
export function cpuidOf(v: Vcpu, leaf: u32, sub: u32): void {
  answer(0, 0, 0, 0);
  if (leaf >= 0x8000_0000) return extended(leaf);
  if (leaf > LEAF_MAX) return;
  // "ParleyNative" in EBX, EDX, ECX.
  if (leaf == 0) answer(LEAF_MAX, 0x6c72_6150, 0x6576_6974, 0x614e_7965);
  // Family 6. ECX: PCID, x2APIC, TSC deadline. EDX: DE PSE TSC MSR PAE CX8 APIC SEP PGE CMOV PAT FXSR SSE SSE2.
  else if (leaf == 1) answer(0x000_0600, (v.apic_id << 24) | (config.vcpus << 16), 0x0122_0000, 0x0701_ab7c);
  // APIC timer runs in every C-state.
  else if (leaf == 6) answer(4, 0, 0, 0);
  // FSGSBASE, SMEP, INVPCID, SMAP; ECX: UMIP.
  else if (leaf == 7 && sub == 0) answer(0, 0x0010_0481, 4, 0);
  else if (leaf == 0xb) topology(v, sub);
  // TSC = crystal 1 GHz × EBX / EAX.
  else if (leaf == 0x15) answer(1_000_000, <u32>(config.tsc_hz / 1000), 1_000_000_000, 0);
  else if (leaf == 0x16) answer(<u32>(config.tsc_hz / 1_000_000), <u32>(config.tsc_hz / 1_000_000), 1000, 0);
}

/** One thread per core, one package. */
function topology(v: Vcpu, sub: u32): void {
  if (sub == 0) answer(0, 1, 0x100, v.apic_id);
  else if (sub == 1) answer(8, config.vcpus, 0x201, v.apic_id);
  else answer(0, 0, sub, v.apic_id);
}

function extended(leaf: u32): void {
  if (leaf == 0x8000_0000) answer(EXTENDED_MAX, 0, 0, 0);
  // ECX: LAHF. EDX: SYSCALL, NX, 1 GiB pages, RDTSCP, long mode.
  else if (leaf == 0x8000_0001) answer(0, 0, 1, 0x2c10_0800);
  // Invariant TSC.
  else if (leaf == 0x8000_0007) answer(0, 0, 0, 0x100);
  else if (leaf == 0x8000_0008) answer(0x3000 | <u32>PHYSICAL_BITS, 0, 0, 0);
}
