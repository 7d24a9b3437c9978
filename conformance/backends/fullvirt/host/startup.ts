// INIT and SIPI. The page that the startup vector names holds {u64 rip, u64 cr3, u64 rsp}.
import * as host from "../../../sdk/as/host";
import { timerReset } from "../../lib/apic-timer";
import { apicReset } from "./apic";
import { isMemory, loadGuest } from "./frames";
import { dropRoot, loadRoot } from "./shadow/roots";
import {
  CR0,
  CR4,
  countStuck,
  setHalted,
  setStartup,
  setWord,
  STARTUP_INIT,
  STARTUP_NONE,
  STARTUP_WAIT,
  startup,
} from "./state";

const GENERAL_REGISTERS: i32 = 28;
const RFLAGS_RESET: i64 = 2;
const CR0_RESET: i64 = 0x8005_0033;
const CR4_RESET: i64 = 0x6a0;
const EFER_RESET: i64 = 0xd01;
const DR6_RESET: i64 = 0xffff_0ff0;
const DR7_RESET: i64 = 0x400;
const PAT_RESET: i64 = 0x0007_0406_0007_0406;
const KERNEL_CODE: i64 = 0x08;
const KERNEL_DATA: i64 = 0x10;
const LEVEL: i64 = 0x4000;
const TRIGGER: i64 = 0x8000;

/** INIT: whatever the target does, it stops. The de-assert form does nothing. */
export function sendInit(vcpu: i32, target: i32, icr: i64): void {
  if (!(icr & LEVEL) && icr & TRIGGER) return;
  if (target == vcpu) return setStartup(vcpu, STARTUP_INIT);
  host.stop(target);
  host.vcpu_off(target);
  turnedOff(target);
}

/** The vCPU waits for SIPI from now on. */
export function turnedOff(vcpu: i32): void {
  dropRoot(vcpu);
  timerReset(vcpu);
  setStartup(vcpu, STARTUP_WAIT);
}

/** SIPI: obeyed once after each INIT. */
export function sendStartup(target: i32, vector: i32): void {
  if (startup(target) != STARTUP_WAIT || !isMemory(vector)) return;
  const page = (<i64>vector) << 12;
  reset(target);
  host.set(target, host.FIELD_RIP, loadGuest(page));
  host.set(target, host.FIELD_CR3, loadGuest(page + 8));
  host.set(target, host.FIELD_RSP, loadGuest(page + 16));
  setStartup(target, STARTUP_NONE);
  loadRoot(target);
  host.vcpu_on(target);
}

/** Registers after INIT; the machine has no real mode, so paging is on. Descriptor tables stay. */
function reset(vcpu: i32): void {
  for (let r = 0; r < GENERAL_REGISTERS; r++) host.set(vcpu, r, 0);
  host.set(vcpu, host.FIELD_RFLAGS, RFLAGS_RESET);
  host.set(vcpu, host.FIELD_CPL, 0);
  host.set(vcpu, host.FIELD_CS, KERNEL_CODE);
  host.set(vcpu, host.FIELD_SS, KERNEL_DATA);
  for (let field = host.FIELD_FS_BASE; field <= host.FIELD_TSC_AUX; field++) host.set(vcpu, field, 0);
  resetControl(vcpu);
  for (let i = 0; i < 4; i++) {
    host.set(vcpu, host.FIELD_DR0 + i, 0);
    host.set(vcpu, host.FIELD_IRR + i, 0);
    host.set(vcpu, host.FIELD_ISR + i, 0);
  }
  host.set(vcpu, host.FIELD_DR6, DR6_RESET);
  host.set(vcpu, host.FIELD_DR7, DR7_RESET);
  for (let field = host.FIELD_STAR; field <= host.FIELD_SFMASK; field++) host.set(vcpu, field, 0);
  host.set(vcpu, host.FIELD_PAT, PAT_RESET);
  host.set(vcpu, host.FIELD_TPR, 0);
  host.set(vcpu, host.FIELD_ICR, 0);
  host.set(vcpu, host.FIELD_ENTRY_EVENT, 0);
  host.set(vcpu, host.FIELD_INTR_STATE, 0);
  apicReset(vcpu);
  setHalted(vcpu, false);
  countStuck(vcpu, false);
}

/** Control registers of a vCPU as the machine resets them, and the guest's view of them. */
export function resetControl(vcpu: i32): void {
  host.set(vcpu, host.FIELD_CR0, CR0_RESET);
  host.set(vcpu, host.FIELD_CR2, 0);
  host.set(vcpu, host.FIELD_CR4, CR4_RESET);
  host.set(vcpu, host.FIELD_EFER, EFER_RESET);
  setWord(vcpu, CR0, CR0_RESET);
  setWord(vcpu, CR4, CR4_RESET);
}
