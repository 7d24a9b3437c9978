/** msr.*: registers that exist, that do not, and values that they refuse. */

import * as info from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import * as pvi from "../../sdk/as/pvi";
import * as test from "../../sdk/as/test";
import * as C from "../generated/clauses";
import { begin, finish } from "../lib/case";
import { holds, same } from "../lib/expect";
import { faults, onNmi } from "../lib/interrupts";
import { see, word } from "../lib/memory";

const FS_BASE: i32 = 0xc0000100;
const KERNEL_GS_BASE: i32 = 0xc0000102;
const TSC_AUX: i32 = 0xc0000103;
/** In the range of the first permission map and, at 0x4B564DFF, among the numbers that KVM reserves for itself. */
const MISSING: i32 = 0x1fff;
const MISSING_PARAVIRT: i32 = 0x4b564dff;
const NON_CANONICAL: i64 = 0x0000800000000000;
const KERNEL_ADDRESS: i64 = 0xffff888000123000;
/** Shared word that safe reads write to; the handler has the next one. */
const OUTPUT: i32 = 0;
const UNTOUCHED: i64 = 0x5eed;

export function msr_reads_back(): void {
  pvi.msr_write(KERNEL_GS_BASE, KERNEL_ADDRESS);
  pvi.msr_write(TSC_AUX, 0x1234);
  same(C.msr_write_1, "the kernel's GS base, read by RDMSR", machine.rdmsr(KERNEL_GS_BASE), KERNEL_ADDRESS);
  same(C.msr_write_1, "TSC_AUX, read by RDMSR", machine.rdmsr(TSC_AUX), 0x1234);
  same(C.msr_read_1, "the kernel's GS base", pvi.msr_read(KERNEL_GS_BASE), KERNEL_ADDRESS);
  same(C.msr_read_1, "TSC_AUX", pvi.msr_read(TSC_AUX), 0x1234);
}

const TSC: i32 = 0x10;
const APIC_BASE: i32 = 0x1b;
const EFER: i32 = 0xc0000080;
const PAT: i32 = 0x277;
/** Bits 10 and 11 of the APIC base: x2APIC mode. */
const APIC_MODE: i64 = 0xc00;

/** SYSENTER, PAT, system calls, and the bases: what the kernel writes once at boot. */
export function msr_architectural(): void {
  const before = faults();
  const registers = memory.data<i32>([0x174, 0x175, 0x176, PAT, 0xc0000081, 0xc0000082, 0xc0000083, 0xc0000084, FS_BASE]);
  const values = memory.data<i64>([
    0x10, KERNEL_ADDRESS, KERNEL_ADDRESS + 1, 0x0006_0406_0106_0406, 0x23001000000000, KERNEL_ADDRESS + 2,
    KERNEL_ADDRESS + 3, 0x47700, KERNEL_ADDRESS + 4,
  ]);
  for (let i = 0; i < 9; i++) pvi.msr_write(load<i32>(registers + (i << 2)), load<i64>(values + (i << 3)));
  for (let i = 0; i < 9; i++) {
    const got = pvi.msr_read(load<i32>(registers + (i << 2)));
    same(C.msr_write_1, "a register of the architecture", got, load<i64>(values + (i << 3)));
  }
  const base = pvi.msr_read(APIC_BASE);
  same(C.msr_read_1, "mode bits of the APIC's base", base & APIC_MODE, APIC_MODE);
  pvi.msr_write(APIC_BASE, base);
  same(C.msr_read_1, "long mode, enabled and active", pvi.msr_read(EFER) & 0x500, 0x500);
  const early = machine.rdtsc();
  const counter = pvi.msr_read(TSC);
  const late = machine.rdtsc();
  holds(C.msr_read_1, "the counter as a register lies between two readings", early <= counter && counter <= late);
  same(C.msr_write_1, "faults", faults(), before);
}

export function msr_read_missing(): void {
  // A safe access before, refused or not, excuses nothing later.
  pvi.msr_read_safe(TSC_AUX, word(OUTPUT));
  const before = faults();
  pvi.msr_read(MISSING);
  same(C.msr_read_2, "faults after reading a register that does not exist", faults(), before + 1);
  pvi.msr_read(MISSING_PARAVIRT);
  same(C.msr_read_2, "faults after reading one of a hypervisor's numbers", faults(), before + 2);
}

export function msr_write_own_vcpu(role: i32): void {
  machine.wrmsr(KERNEL_GS_BASE, 0);
  test.barrier(1);
  if (role === 0) pvi.msr_write(KERNEL_GS_BASE, KERNEL_ADDRESS);
  test.barrier(2);
  const want = role === 0 ? KERNEL_ADDRESS : 0;
  same(C.msr_write_2, "the kernel's GS base of this vCPU", machine.rdmsr(KERNEL_GS_BASE), want);
}

export function msr_write_missing(): void {
  pvi.msr_write_safe(TSC_AUX, 0x1234);
  const before = faults();
  pvi.msr_write(MISSING, 0);
  same(C.msr_write_3, "faults after writing a register that does not exist", faults(), before + 1);
  pvi.msr_write(MISSING_PARAVIRT, 0);
  same(C.msr_write_3, "faults after writing one of a hypervisor's numbers", faults(), before + 2);
}

export function msr_write_non_canonical(): void {
  pvi.msr_write(FS_BASE, KERNEL_ADDRESS);
  const before = faults();
  pvi.msr_write(FS_BASE, NON_CANONICAL);
  same(C.msr_write_4, "faults after a non-canonical FS base", faults(), before + 1);
  same(C.msr_write_4, "FS base after the refusal", machine.rdmsr(FS_BASE), KERNEL_ADDRESS);
}

export function msr_read_safe_value(): void {
  machine.wrmsr(KERNEL_GS_BASE, KERNEL_ADDRESS);
  same(C.msr_read_safe_1, "result for the kernel's GS base", pvi.msr_read_safe(KERNEL_GS_BASE, word(OUTPUT)), 0);
  same(C.msr_read_safe_1, "the kernel's GS base", see(OUTPUT), KERNEL_ADDRESS);
}

export function msr_read_safe_refused(): void {
  const before = faults();
  same(C.msr_read_safe_2, "result for no register", pvi.msr_read_safe(MISSING, word(OUTPUT)), info.E_INVAL);
  same(
    C.msr_read_safe_2,
    "result for a hypervisor's number",
    pvi.msr_read_safe(MISSING_PARAVIRT, word(OUTPUT)),
    info.E_INVAL,
  );
  same(C.msr_read_safe_2, "faults that reached the kernel", faults(), before);
}

export function msr_read_safe_keeps_output(): void {
  machine.store64(word(OUTPUT), UNTOUCHED);
  pvi.msr_read_safe(MISSING, word(OUTPUT));
  same(C.msr_read_safe_3, "the output word after a refusal", see(OUTPUT), UNTOUCHED);
}

function readMissing(): void {
  pvi.msr_read_safe(MISSING, word(OUTPUT + 1));
}

/** An NMI at any point of a read that succeeds makes one that is refused. */
export function msr_read_safe_in_handler(): void {
  machine.wrmsr(TSC_AUX, 0x1234);
  onNmi(readMissing);
  begin();
  const result = pvi.msr_read_safe(TSC_AUX, word(OUTPUT));
  test.quiet(1);
  finish();
  same(C.msr_read_safe_4, "result of the interrupted read", result, 0);
  same(C.msr_read_safe_4, "value of the interrupted read", see(OUTPUT), 0x1234);
}

export function msr_write_safe_value(): void {
  same(C.msr_write_safe_1, "result", pvi.msr_write_safe(KERNEL_GS_BASE, KERNEL_ADDRESS), 0);
  same(C.msr_write_safe_1, "the kernel's GS base", machine.rdmsr(KERNEL_GS_BASE), KERNEL_ADDRESS);
}

export function msr_write_safe_refused(): void {
  const before = faults();
  same(C.msr_write_safe_2, "result for no register", pvi.msr_write_safe(MISSING, 0), info.E_INVAL);
  same(C.msr_write_safe_2, "result for a bad address", pvi.msr_write_safe(FS_BASE, NON_CANONICAL), info.E_INVAL);
  same(C.msr_write_safe_2, "faults that reached the kernel", faults(), before);
}

export function msr_write_safe_keeps_value(): void {
  machine.wrmsr(FS_BASE, KERNEL_ADDRESS);
  pvi.msr_write_safe(FS_BASE, NON_CANONICAL);
  same(C.msr_write_safe_3, "FS base after a refused write", machine.rdmsr(FS_BASE), KERNEL_ADDRESS);
}
