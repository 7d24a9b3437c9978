// Guest half of the VMI tests: every op is a call of the ROM.
import { DIRECT_MAP } from "../imports";

@external("rom", "call") declare function rom(nr: i32, a0: i64, a1: i64, a2: i64, a3: i64, a4: i64, a5: i64): i64;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function vmi_init(area: i64): void {
  rom(1, area, 0, 0, 0, 0, 0);
}

export function vmi_halt(): void {
  rom(35, 0, 0, 0, 0, 0, 0);
}

/** Counter 0 real, 1 available, 2 stolen, ns. */
export function vmi_counter(which: i32): i64 {
  return rom(67, which, 0, 0, 0, 0, 0);
}

export function vmi_set_alarm(at: i64, period: i64, counter: i32): void {
  rom(68, at, period, counter, 0, 0, 0);
}

/** Start state {u64 rip, u64 cr3, u64 rsp} of the vCPU with this APIC id. */
export function vmi_set_ap_state(state: i64, apicId: i32): void {
  rom(62, state - DIRECT_MAP, apicId, 0, 0, 0, 0);
}

/** What the host half has logged of expiries: their number, or the real time of one. */
export function vmi_expiry(which: i32): i64 {
  return rom(100, which, 0, 0, 0, 0, 0);
}

/** Breaks VMI_Halt: the ROM enables interrupts before it calls the host half. */
export function vmi_halts_early(): void {
  rom(101, 0, 0, 0, 0, 0, 0);
}
