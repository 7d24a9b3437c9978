// A trap-and-emulate host half (kind F) for the VM's tests: shadow tables filled on demand, interrupts injected through the guest's IDT.
import { cmpxchg, get, kick, now, param, rmw, set, shutdown, stop, store64, timerSet, vcpuOff, vcpuOn, wake } from "./host-imports";
import { misuse } from "./misuse";
import { fill, forget, misplace, pagingInit, physical, read, refusedPresent } from "./trap-paging";

const RIP: i32 = 0x20;
const RFLAGS: i32 = 0x22;
const CR3: i32 = 0x32;
const CTL_EXIT: i32 = 0x53;
const ENTRY_EVENT: i32 = 0x60;
const INTR_STATE: i32 = 0x62;
const EXIT_INSN: i32 = 0x70;
const EXIT_A: i32 = 0x71;
const EXIT_B: i32 = 0x72;
const ENTRY_ERROR: i32 = 0x61;
const INTERRUPTED: i32 = 0x63;
const INTERRUPTED_ERROR: i32 = 0x64;
const IFX: i64 = 1;
const INTRWIN: i64 = 64;
const IF: i64 = 0x200;
const VALID: i64 = 0x80000000;
const RUNSTATE: i32 = 0x90;
const HOST: i64 = 3;
const TIMER_VECTOR: i32 = 0x40;
const ENTER: i32 = 0;
const BLOCK: i32 = 1;

/** APIC ids; no field of a vCPU in guest mode can be read. */
const apicIds: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];
/** Vector that waits for each vCPU, 0 = none. */
const waiting: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  for (let v = 0; v < (param(0) as i32); v++) apicIds[v] = get(v, 0x80) as i32;
  pagingInit();
  return 0;
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (reason == 5) exception(vcpu);
  else if (reason == 2) return instruction(vcpu, get(vcpu, EXIT_INSN) as i32);
  else if (reason == 3) msr(vcpu);
  else if (reason == 4) shutdown(0);
  else if (reason == 1 && get(vcpu, 0) >= 1000) return misuse(vcpu, get(vcpu, 0));
  else if (reason == 1 && get(vcpu, EXIT_INSN) == 2) enterSyscall(vcpu);
  else if (reason == 1) hypercall(vcpu, get(vcpu, 0) as i32);
  if (reason == 7 || reason == 9) interrupt(vcpu);
  return ENTER;
}

function inject(vcpu: i32, vector: i32, type: i32): void {
  set(vcpu, ENTRY_EVENT, VALID | (type << 8) | vector);
}

/** #PF of the shadow tables is filled or the guest's own; everything else is the guest's. */
function exception(vcpu: i32): void {
  const vector = get(vcpu, EXIT_INSN) as i32;
  const error = get(vcpu, 0x75);
  const interrupted = get(vcpu, INTERRUPTED);
  const isWatched = vector == 14 && watched && (get(vcpu, 0x73) ^ watched) >> 12 == 0;
  if (isWatched && error & 2) return emulate(vcpu, get(vcpu, 0x73));
  if (vector == 14 && fill(vcpu, get(vcpu, 0x73), error, isWatched ? ~2 : ~0)) {
    if (interrupted & VALID) {
      set(vcpu, ENTRY_EVENT, interrupted);
      set(vcpu, ENTRY_ERROR, get(vcpu, INTERRUPTED_ERROR));
    }
    return;
  }
  if (vector == 14) set(vcpu, 0x31, get(vcpu, 0x73));
  // The shadow's error code says nothing of the guest's tables.
  set(vcpu, ENTRY_ERROR, vector == 14 ? (error & ~1) | (refusedPresent ? 1 : 0) : error);
  set(vcpu, ENTRY_EVENT, VALID | (3 << 8) | vector | (vector == 13 || vector == 14 ? 0x800 : 0));
}

/** Page table of the guest that the shadow shows read-only; 0 = none. Stores to it that were emulated. */
let watched: i64 = 0;
let emulated: i64 = 0;
/** EXIT_A of the instructions that may write to it. */
const STORE64: i64 = 7;
const RMW: i64 = 8;
const CMPXCHG: i64 = 9;
const LOCKED_64: i32 = 0x130;

/** Makes the store that the exit describes, and drops what the shadow had of the old entry. */
function emulate(vcpu: i32, va: i64): void {
  forget(vcpu);
  const at = physical(vcpu, va, 0);
  const what = get(vcpu, EXIT_A) & 255;
  let old: i64 = 0;
  if (what == STORE64) store64(at, get(vcpu, EXIT_B));
  else if (what == CMPXCHG) old = cmpxchg(LOCKED_64, at, get(vcpu, 0x74), get(vcpu, EXIT_B));
  else if (what == RMW) old = rmw(((get(vcpu, EXIT_A) >> 8) as i32 & 7) | LOCKED_64, at, get(vcpu, EXIT_B));
  else unreachable();
  emulated += 1;
  done(vcpu, old);
}

/**
 * No hypercalls exist, but 20 to 23 have the host half map what it may not (trap-paging.ts), 24 has it watch the page at RDI, 25
 * has its timer expire RDI ns from now, 26 and 27 stop and kick the other vCPU.
 */
function hypercall(vcpu: i32, nr: i32): void {
  if (nr == 25) {
    timerSet(vcpu, 0, now() + get(vcpu, 7), 0, 0);
    return done(vcpu, 0);
  }
  if (nr == 24) {
    watched = get(vcpu, 7);
    forget(vcpu);
    return done(vcpu, emulated);
  }
  if (nr == 26 || nr == 27) {
    if (nr == 26) stop(1 - vcpu);
    else kick(1 - vcpu);
    return done(vcpu, 0);
  }
  if (nr < 20 || nr > 23) return inject(vcpu, 6, 3);
  misplace(vcpu, nr - 20);
  done(vcpu, 0);
}

/** SYSCALL: to LSTAR with RCX and R11 saved, IF masked. */
function enterSyscall(vcpu: i32): void {
  set(vcpu, 1, get(vcpu, RIP) + get(vcpu, 0x76));
  set(vcpu, 11, get(vcpu, RFLAGS));
  set(vcpu, RFLAGS, get(vcpu, RFLAGS) & ~get(vcpu, 0x3e));
  set(vcpu, RIP, get(vcpu, 0x3d));
  privilege(vcpu, 8, 0x10);
}

function privilege(vcpu: i32, cs: i64, ss: i64): void {
  set(vcpu, 0x23, cs & 3);
  set(vcpu, 0x24, cs);
  set(vcpu, 0x25, ss);
}

/** Skips the instruction with a result. */
function done(vcpu: i32, result: i64): void {
  set(vcpu, 0, result);
  set(vcpu, RIP, get(vcpu, RIP) + 1);
}

function instruction(vcpu: i32, code: i32): i32 {
  const a = get(vcpu, EXIT_A);
  if (code == 18) {
    returnTo(vcpu, a);
    return ENTER;
  }
  // By the tables of before: what they were used for is marked in them.
  if (code == 7 || code == 10) forget(vcpu);
  if (code == 7 && a == 3) set(vcpu, CR3, get(vcpu, EXIT_B));
  done(vcpu, code == 3 ? get(vcpu, RFLAGS) : code == 6 ? get(vcpu, a == 0 ? 0x30 : 0x2f + (a as i32)) : 0);
  if (code == 4) loadFlags(vcpu, a);
  if (code == 1) set(vcpu, RFLAGS, get(vcpu, RFLAGS) & ~IF);
  if (code == 2) enable(vcpu);
  if (code == 5) return sleep(vcpu);
  return ENTER;
}

/** POPF has no shadow: what waits comes at once. */
function loadFlags(vcpu: i32, flags: i64): void {
  set(vcpu, RFLAGS, (get(vcpu, RFLAGS) & ~IF) | (flags & IF));
  interrupt(vcpu);
}

/** STI: its shadow lasts over one more instruction, behind which the window opens. */
function enable(vcpu: i32): void {
  if (!(get(vcpu, RFLAGS) & IF)) set(vcpu, INTR_STATE, 1);
  set(vcpu, RFLAGS, get(vcpu, RFLAGS) | IF);
  if (waiting[vcpu]) set(vcpu, CTL_EXIT, IFX | INTRWIN);
}

function sleep(vcpu: i32): i32 {
  set(vcpu, INTR_STATE, 0);
  if (!waiting[vcpu] || !(get(vcpu, RFLAGS) & IF)) return BLOCK;
  interrupt(vcpu);
  return ENTER;
}

/** IRET of the frame at va: rip, cs, rflags, rsp, ss. */
function returnTo(vcpu: i32, frame: i64): void {
  set(vcpu, RIP, read(vcpu, frame));
  set(vcpu, RFLAGS, read(vcpu, frame + 16));
  set(vcpu, 4, read(vcpu, frame + 24));
  privilege(vcpu, read(vcpu, frame + 8), read(vcpu, frame + 32));
  interrupt(vcpu);
}

/** Delivers what waits, now or when the window opens. */
function interrupt(vcpu: i32): void {
  set(vcpu, CTL_EXIT, IFX);
  if (!waiting[vcpu]) return;
  if (!(get(vcpu, RFLAGS) & IF) || get(vcpu, INTR_STATE) & 1) {
    set(vcpu, CTL_EXIT, IFX | INTRWIN);
    return;
  }
  inject(vcpu, waiting[vcpu], 0);
  waiting[vcpu] = 0;
}

/** The local APIC: ICR sends, everything else is accepted. */
function msr(vcpu: i32): void {
  const icr = get(vcpu, EXIT_B);
  if (get(vcpu, EXIT_A) == 0xc0000082) set(vcpu, 0x3d, icr);
  if (get(vcpu, EXIT_A) == 0xc0000084) set(vcpu, 0x3e, icr);
  if (get(vcpu, EXIT_A) == 0x830) send(vcpu, (icr >> 32) as i32, (icr >> 8) as i32 & 7, icr as i32 & 255);
  done(vcpu, 0);
}

/** The timer's interrupt waits until the guest's IF lets it in. */
export function timer(vcpu: i32, slot: i32): void {
  waiting[vcpu] = TIMER_VECTOR;
  if (wake(vcpu) || get(vcpu, RUNSTATE) == HOST) interrupt(vcpu);
}

function send(self: i32, apicId: i32, mode: i32, vector: i32): void {
  for (let v = 0; v < (param(0) as i32); v++) {
    if (apicIds[v] != apicId) continue;
    if (mode == 5) stopForGood(v);
    if (mode == 6) start(v, vector);
    if (mode != 0) continue;
    waiting[v] = vector;
    if (v == self || wake(v)) interrupt(v);
    else kick(v);
  }
}

/** INIT: off, with interrupts off. */
function stopForGood(vcpu: i32): void {
  stop(vcpu);
  vcpuOff(vcpu);
  set(vcpu, RFLAGS, 2);
}

/** SIPI: the vector names a page with rip, cr3 and rsp; guest-physical is machine address in F. */
function start(vcpu: i32, vector: i32): void {
  const page: i64 = (vector as i64) << 12;
  set(vcpu, CR3, load64(page + 8));
  set(vcpu, RIP, load64(page));
  set(vcpu, 4, load64(page + 16));
  forget(vcpu);
  vcpuOn(vcpu);
}

@external("host", "load64") declare function load64(ma: i64): i64;
