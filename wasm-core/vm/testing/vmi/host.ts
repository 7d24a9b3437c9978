// Host half of kind S for the VMI tests: shadow tables as in trap-paging.ts, the interrupt flag in memory, interrupts bounced through
// the kernel's own gates, alarms, and the state of APs (VMI draft of 13 March 2006).
import { done, loadStart, machineAddress } from "../host-common";
import { get, kick, load64, now, param, set, stop, store64, timerSet, vcpuOff, vcpuOn, wake } from "../host-imports";
import { misuse } from "../misuse";
import { fill, forget, pagingInit, physical, read } from "../trap-paging";

const RIP: i32 = 0x20;
const RSP: i32 = 4;
const RFLAGS: i32 = 0x22;
const IDT_BASE: i32 = 0x42;
const IRR: i32 = 0x83;
const RUNNING: i32 = 0x91;
const READY: i32 = 0x92;
const BLOCKED: i32 = 0x93;
const IF: i64 = 0x200;
const ENTER: i32 = 0;
const BLOCK: i32 = 1;
const ALARM_VECTOR: i32 = 0x46;
const LOG_MAX: i32 = 8;

const apicIds: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];
/** Machine address of each vCPU's area, 0 = none yet: its interrupts are off. */
const areas: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
/** Pending vector of each vCPU, 0 = none: one at most. */
const pending: StaticArray<i32> = [0, 0, 0, 0, 0, 0, 0, 0];
/** Machine address of the start state, told since the last INIT; 0 = none. */
const states: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
/** Real times of expiries. */
const log: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
let logged: i32 = 0;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  for (let v = 0; v < (param(0) as i32); v++) apicIds[v] = get(v, 0x80) as i32;
  pagingInit();
  return 0;
}

export function exit(vcpu: i32, reason: i32): i32 {
  switch (reason) {
    case 1: return vmiCall(vcpu, get(vcpu, 0) as i32, get(vcpu, 7), get(vcpu, 6), get(vcpu, 2) as i32);
    case 2: return instruction(vcpu, get(vcpu, 0x70) as i32, get(vcpu, 0x71));
    case 3: return msr(vcpu, get(vcpu, 0x71), get(vcpu, 0x72));
    case 5:
      if (!fill(vcpu, get(vcpu, 0x73), get(vcpu, 0x75))) unreachable();
      return ENTER;
    case 9:
      takeIrr(vcpu);
      return ENTER;
  }
  unreachable();
  return ENTER;
}

function vmiCall(vcpu: i32, nr: i32, a: i64, b: i64, c: i32): i32 {
  if (nr >= 1000) return misuse(vcpu, nr);
  switch (nr) {
    case 1:
      areas[vcpu] = machineAddress(a);
      store64(areas[vcpu], 1);
      return done(vcpu, 0);
    case 35:
      store64(areas[vcpu], 1);
      done(vcpu, 0);
      return pending[vcpu] ? ENTER : BLOCK;
    case 62:
      states[indexOf(b as i32)] = machineAddress(a);
      return done(vcpu, 0);
    case 67: return done(vcpu, counter(vcpu, a as i32));
    case 68:
      timerSet(vcpu, 0, a, b, c);
      return done(vcpu, 0);
    case 100: return done(vcpu, a < 0 ? logged : log[a as i32]);
    default: return done(vcpu, -38);
  }
}

function counter(vcpu: i32, which: i32): i64 {
  if (which == 0) return now();
  return which == 1 ? get(vcpu, RUNNING) + get(vcpu, BLOCKED) : get(vcpu, READY);
}

function instruction(vcpu: i32, code: i32, a: i64): i32 {
  if (code == 18) return returnTo(vcpu, a);
  if (code == 6) return done(vcpu, get(vcpu, a == 0 ? 0x30 : 0x2f + (a as i32)));
  if (code == 10) forget(vcpu);
  return done(vcpu, 0);
}

/** IRET of the frame at va: its IF is the one in memory. */
function returnTo(vcpu: i32, frame: i64): i32 {
  set(vcpu, RIP, read(vcpu, frame));
  const flags = read(vcpu, frame + 16);
  set(vcpu, RFLAGS, flags | IF);
  set(vcpu, RSP, read(vcpu, frame + 24));
  store64(areas[vcpu], flags & IF ? 1 : 0);
  return ENTER;
}

/** The x2APIC's ICR; everything else of the APIC is accepted. */
function msr(vcpu: i32, index: i64, value: i64): i32 {
  if (index == 0x830) send(vcpu, indexOf((value >> 32) as i32), (value >> 8) as i32 & 7, value as i32 & 255);
  return done(vcpu, 0);
}

function indexOf(apicId: i32): i32 {
  for (let v = 0; v < (param(0) as i32); v++) if (apicIds[v] == apicId) return v;
  return -1;
}

function send(self: i32, target: i32, mode: i32, vector: i32): void {
  if (mode == 5) {
    stop(target);
    vcpuOff(target);
    states[target] = 0;
  } else if (mode == 6) startUp(self, target, vector);
  else deliver(target, vector);
}

/** SIPI. Who has called VMI_INIT starts others by their state or not at all; before that, the vector's page has it. */
function startUp(self: i32, target: i32, vector: i32): void {
  const state = areas[self] ? states[target] : machineAddress((vector as i64) << 12);
  if (!state) return;
  loadStart(target, state);
  forget(target);
  vcpuOn(target);
}

/** A vector becomes pending, if none is: bounced when the vCPU next goes to guest mode. */
function deliver(vcpu: i32, vector: i32): void {
  if (!pending[vcpu]) pending[vcpu] = vector;
  if (!wake(vcpu)) kick(vcpu);
}

/** Interrupts of devices lie in IRR. */
function takeIrr(vcpu: i32): void {
  for (let i = 0; i < 4; i++) {
    const bits = get(vcpu, IRR + i);
    if (!bits || pending[vcpu]) continue;
    pending[vcpu] = i * 64 + (ctz(bits) as i32);
    set(vcpu, IRR + i, bits & (bits - 1));
  }
}

export function timer(vcpu: i32, slot: i32): void {
  if (logged < LOG_MAX) log[logged++] = now();
  deliver(vcpu, ALARM_VECTOR);
}

export function enter(vcpu: i32): void {
  const area = areas[vcpu];
  if (!pending[vcpu] || !area || !load64(area)) return;
  bounce(vcpu, pending[vcpu]);
  pending[vcpu] = 0;
  store64(area, 0);
}

/** A frame on the kernel's stack, RIP at the handler that its gate names. */
function bounce(vcpu: i32, vector: i32): void {
  const gate = get(vcpu, IDT_BASE) + vector * 16;
  const low = read(vcpu, gate);
  const frame: i64 = (get(vcpu, RSP) & ~15) - 40;
  store64(physical(vcpu, frame, 2), get(vcpu, RIP));
  store64(physical(vcpu, frame + 8, 2), get(vcpu, 0x24));
  store64(physical(vcpu, frame + 16, 2), get(vcpu, RFLAGS) | IF);
  store64(physical(vcpu, frame + 24, 2), get(vcpu, RSP));
  store64(physical(vcpu, frame + 32, 2), get(vcpu, 0x25));
  set(vcpu, RSP, frame);
  set(vcpu, RIP, (low & 0xffff) | ((low >> 32) & 0xffff0000) | (read(vcpu, gate + 8) << 32));
}
