// smp.* of the native half: a trampoline page for INIT and SIPI, and the book of who is up.
//
// Shared page (shared_va), zeroed at boot:
//   @960 u32 the trampoline is in use     @964 u32 vCPUs that are up
//   @1024 + 128·i: vCPU i   @0 u32 phase   @4 u32 it has left the trampoline   @8 AP state (96)
import {
  AP_ARGUMENT,
  AP_CR0,
  AP_CR3,
  AP_CR4,
  AP_EFER,
  AP_FS_BASE,
  AP_GDT_BASE,
  AP_GDT_LIMIT,
  AP_GS_BASE,
  AP_IDT_BASE,
  AP_IDT_LIMIT,
  AP_RIP,
  AP_RSP,
  AP_STATE_BYTES,
  DIRECT_MAP,
  E_BUSY,
  E_INVAL,
} from "../../sdk/as/info";
import * as machine from "../../sdk/as/machine";
import { apicIdOf, self, sharedVa, trampoline, vcpus } from "../lib/info";
import { stateIsValid } from "./ap-state";
import { flushLeave, waitServing } from "./flush";

/** Phases. SETTING and LEAVING are held by the one vCPU that gives the target a state, or takes it down. */
const DOWN: i64 = 0;
const SETTING: i64 = 1;
const READY: i64 = 2;
const UP: i64 = 3;
const LEAVING: i64 = 4;

const CMPXCHG_32: i32 = machine.SIZE_32 | machine.LOCK;
const ADD_32: i32 = machine.RMW_ADD | machine.SIZE_32 | machine.LOCK;
const XCHG_32: i32 = machine.RMW_XCHG | machine.SIZE_32 | machine.LOCK;
const STATE: i64 = 8;
const LEFT: i64 = 4;
const PAGE_MASK: i64 = 0xfff;

const ICR_INIT: i64 = 0x4500;
const ICR_STARTUP: i64 = 0x4600;
const MSR_EFER: i32 = 0xc000_0080;
const MSR_FS_BASE: i32 = 0xc000_0100;
const MSR_GS_BASE: i32 = 0xc000_0101;

@inline
function record(vcpu: i32): i64 {
  return sharedVa + 1024 + ((<i64>vcpu) << 7);
}

@inline
function inUse(): i64 {
  return sharedVa + 960;
}

@inline
function upCount(): i64 {
  return sharedVa + 964;
}

@inline
function exists(vcpu: i32): bool {
  return <u32>vcpu < <u32>vcpus;
}

/** A vCPU that no cpu_up has started declares itself: the boot vCPU, and what a kernel has started by INIT and SIPI. */
export function smpInit(): void {
  if (machine.cmpxchg(CMPXCHG_32, record(self), DOWN, UP) == DOWN) machine.rmw(ADD_32, upCount(), 1);
}

/** Members of a mask that are up. */
export function upOf(mask: u64): u64 {
  let up: u64 = 0;
  for (let rest = mask; rest; rest &= rest - 1) {
    const vcpu = <i32>ctz(rest);
    if (machine.load32(record(vcpu)) == <i32>UP) up |= (<u64>1) << vcpu;
  }
  return up;
}

export function smp_set_initial_ap_state(vcpu: i32, state_va: i64): i32 {
  if (!exists(vcpu) || state_va & 7 || (state_va & PAGE_MASK) + AP_STATE_BYTES > PAGE_MASK + 1) return E_INVAL;
  const at = record(vcpu);
  if (machine.cmpxchg(CMPXCHG_32, at, DOWN, SETTING) != DOWN) return E_BUSY;
  // What is checked is the copy: the caller's memory may change under the check.
  for (let i: i64 = 0; i < AP_STATE_BYTES; i += 8) machine.store64(at + STATE + i, machine.load64(state_va + i));
  const valid = stateIsValid(at + STATE);
  machine.rmw(XCHG_32, at, valid ? READY : DOWN);
  return valid ? 0 : E_INVAL;
}

export function smp_cpu_up(vcpu: i32): i32 {
  if (!exists(vcpu)) return E_INVAL;
  const at = record(vcpu);
  const before = machine.cmpxchg(CMPXCHG_32, at, READY, UP);
  if (before != READY) return before >= UP ? E_BUSY : E_INVAL;
  machine.rmw(ADD_32, upCount(), 1);
  while (machine.cmpxchg(CMPXCHG_32, inUse(), 0, 1) != 0) waitServing();
  const page = DIRECT_MAP + trampoline;
  machine.store32(at + LEFT, 0);
  machine.store64(page, machine.code_addr(<i32>onStart.index, 0));
  machine.store64(page + 8, machine.read_cr(3));
  machine.store64(page + 16, at);
  machine.mfence();
  const destination = (<i64>apicIdOf(vcpu)) << 32;
  machine.wrmsr(machine.MSR_X2APIC_ICR, destination | ICR_INIT);
  machine.wrmsr(machine.MSR_X2APIC_ICR, destination | ICR_STARTUP | (trampoline >> 12));
  while (!machine.load32(at + LEFT)) waitServing();
  machine.rmw(XCHG_32, inUse(), 0);
  return 0;
}

/** First code of a started vCPU: RSP is its record. Loads the state and jumps to it. */
function onStart(at: i64): void {
  const state = at + STATE;
  machine.lgdt(machine.load64(state + AP_GDT_BASE), machine.load32(state + AP_GDT_LIMIT));
  machine.lidt(machine.load64(state + AP_IDT_BASE), machine.load32(state + AP_IDT_LIMIT));
  machine.wrmsr(MSR_EFER, machine.load64(state + AP_EFER));
  machine.write_cr(4, machine.load64(state + AP_CR4));
  machine.write_cr(0, machine.load64(state + AP_CR0));
  machine.wrmsr(MSR_FS_BASE, machine.load64(state + AP_FS_BASE));
  machine.wrmsr(MSR_GS_BASE, machine.load64(state + AP_GS_BASE));
  const rip = machine.load64(state + AP_RIP);
  const rsp = machine.load64(state + AP_RSP);
  const root = machine.load64(state + AP_CR3);
  machine.set_reg(machine.RDI, machine.load64(state + AP_ARGUMENT));
  machine.store32(at + LEFT, 1);
  machine.set_reg(machine.RSP, rsp);
  machine.write_cr(3, root);
  machine.call_code(rip, rsp);
}

export function smp_cpu_down(vcpu: i32): i32 {
  if (!exists(vcpu)) return E_INVAL;
  const at = record(vcpu);
  if (machine.cmpxchg(CMPXCHG_32, at, UP, LEAVING) != UP) return 0;
  // Of two that each want to be the last one down, one stays.
  if (machine.rmw(ADD_32, upCount(), -1) == 1) {
    machine.rmw(ADD_32, upCount(), 1);
    machine.rmw(XCHG_32, at, UP);
    return E_BUSY;
  }
  if (vcpu == self) leave(at);
  flushLeave(vcpu);
  machine.mfence();
  machine.wrmsr(machine.MSR_X2APIC_ICR, ((<i64>apicIdOf(vcpu)) << 32) | ICR_INIT);
  machine.rmw(XCHG_32, at, DOWN);
  return 0;
}

/** The caller's end: only INIT and SIPI bring it back. */
function leave(at: i64): void {
  machine.cli();
  flushLeave(self);
  machine.rmw(XCHG_32, at, DOWN);
  while (true) machine.hlt();
}

export function smp_is_up(vcpu: i32): i32 {
  if (!exists(vcpu)) return E_INVAL;
  return machine.load32(record(vcpu)) >= <i32>UP ? 1 : 0;
}

export function smp_apicid_to_vp(apic_id: i32): i32 {
  for (let i = 0; i < vcpus; i++) if (apicIdOf(i) == apic_id) return i;
  return E_INVAL;
}
