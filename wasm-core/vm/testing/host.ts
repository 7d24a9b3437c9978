// The test host half (kind E): starts APs, answers a few hypercalls, and misbehaves where it is asked to.
import { done, machineAddress, startAp } from "./host-common";
import { frames, get, kick, load64, mfence, now, owner, rmw, set, resched, shutdown, stop, store64, timerSet, wake, irq } from "./host-imports";
import { misuse } from "./misuse";

const RIP: i32 = 0x20;
const EXIT_A: i32 = 0x71;
const IN_GUEST: i32 = 0x95;
const RUNSTATE: i32 = 0x90;
const READY: i64 = 4;

const ENTER: i32 = 0;
const BLOCK: i32 = 1;

export function abi(): i64 {
  return 0x0001000000010000;
}

export function boot(): i32 {
  for (let i = 0; i < 8; i++) store<i32>(apicIds + (i << 2), get(i, APIC_ID) as i32);
  return 0;
}

export function exit(vcpu: i32, reason: i32): i32 {
  if (reason == 14) return startAp(vcpu);
  if (reason == 4) shutdown(0);
  // A kick raises RBX, which the guest reads without a point.
  if (reason == 9) set(vcpu, 3, get(vcpu, 3) + 1);
  if (reason == 3) return msr(vcpu);
  if (reason != 1) return ENTER;
  const nr = get(vcpu, 0);
  if (nr >= 1000) return misuse(vcpu, nr);
  const action = act(vcpu, nr as i32);
  return action;
}

/** The MSRs of SYSCALL; others are accepted without effect. */
function msr(vcpu: i32): i32 {
  const index = get(vcpu, EXIT_A) as u32;
  if (index >= 0xc0000081 && index <= 0xc0000084) set(vcpu, index == 0xc0000081 ? 0x3c : index == 0xc0000082 ? 0x3d : 0x3e, get(vcpu, 0x72));
  return done(vcpu, 0);
}

function act(vcpu: i32, nr: i32): i32 {
  switch (nr) {
    case 1: return done(vcpu, get(vcpu, 7) + get(vcpu, 6));
    // Sleeps until vCPU 1 wakes it.
    case 2:
      done(vcpu, 0);
      if (vcpu == 0) return BLOCK;
      wake(0);
      return ENTER;
    case 3: return 9;
    case 4: {
      set(vcpu, RIP, 0x1234);
      return ENTER;
    }
    case 5: {
      foreign();
      return ENTER;
    }
    case 6: unreachable();
    case 7: for (;;) {}
    // Stops the other vCPU and reads that it is out of guest mode.
    case 8: {
      stop(1 - vcpu);
      return done(vcpu, get(1 - vcpu, 0x95));
    }
    case 9: {
      kick(1 - vcpu);
      return done(vcpu, 0);
    }
    // A timer wakes the caller 1000 ns later.
    case 10: {
      timerSet(vcpu, 0, now() + 1000, 0, 0);
      done(vcpu, 0);
      return BLOCK;
    }
    // Never advances RIP: the call repeats for ever.
    case 11: return ENTER;
    // On the way back, enter takes the word at the gpa in RSI: it answers the value and leaves 0. 13: with a fence behind it.
    case 12:
    case 13: {
      takeFrom = machineAddress(get(vcpu, 6));
      takeFence = nr == 13;
      return done(vcpu, 0);
    }
    // Holds the lock over a few accesses of that word.
    case 14: {
      const at = machineAddress(get(vcpu, 6));
      load64(at);
      load64(at);
      return done(vcpu, 0);
    }
    // Answers how often this host work was preempted, and whether the word at the gpa in RSI changed meanwhile.
    case 15: {
      const at = machineAddress(get(vcpu, 6));
      preemptions = 0;
      const before = load64(at);
      resched(vcpu);
      const after = load64(at);
      if (isAway) unreachable();
      return done(vcpu, preemptions * 2 + (before == after ? 0 : 1));
    }
    case 16: return done(vcpu, sendWindow(vcpu));
    case 17: return done(vcpu, left[get(vcpu, 6) as i32]);
    case 18: return done(vcpu, back[get(vcpu, 6) as i32]);
    case 19: return done(vcpu, scaleSeen[get(vcpu, 6) as i32]);
    // Stores under the lock and sleeps. 41 answers 2 + what is stored if that has happened, and wakes the sleeper.
    case 40: {
      store64(machineAddress(get(vcpu, 6)), 1);
      stored = true;
      done(vcpu, 0);
      return BLOCK;
    }
    case 41: {
      const was = load64(machineAddress(get(vcpu, 6)));
      const answer = stored ? 2 + was : 0;
      if (stored) wake(0);
      stored = false;
      return done(vcpu, answer);
    }
    // Shuts the guest down, and would go on in a frame of somebody else.
    case 28: {
      shutdown(0);
      foreign();
      return ENTER;
    }
    // Accesses 8 bytes at the gpa in RSI: 1 in both halves.
    case 42: return done(vcpu, touch(get(vcpu, 7), machineAddress(get(vcpu, 6))));
    // Stores what the word at the gpa in RSI holds, if RDI is 1; else only reads it.
    case 43: {
      const at = machineAddress(get(vcpu, 6));
      const held = load64(at);
      if (get(vcpu, 7) == 1) store64(at, held);
      return done(vcpu, 0);
    }
    // Adds 1 to the word at the gpa in RSI while the other vCPU is stopped.
    case 44: {
      stop(1 - vcpu);
      rmw(ADD_64 | LOCK, machineAddress(get(vcpu, 6)), 1);
      return done(vcpu, 0);
    }
    // Stops, or kicks, the other vCPU.
    case 26:
    case 27: {
      if (nr == 26) stop(1 - vcpu);
      else kick(1 - vcpu);
      return done(vcpu, 0);
    }
    default: return done(vcpu, 0);
  }
}

const BOTH: i64 = 0x1_00000001;
const ADD_64: i32 = 0x31;
const LOCK: i32 = 0x100;

/** 0 store, 1 unlocked addition, 2 locked addition, 3 load: the value that was there before. */
function touch(how: i64, at: i64): i64 {
  if (how == 1 || how == 2) return rmw(how == 2 ? ADD_64 | LOCK : ADD_64, at, BOTH);
  if (how == 3) return load64(at);
  store64(at, BOTH);
  return 0;
}

const APIC_ID: i32 = 0x80;
/** u32 APIC id per vCPU. */
const apicIds: usize = memory.data(32);

/** Sends 0x44 to every APIC id of the bitmap RDI (low), RSI (high) that begins at id RDX. */
function sendWindow(vcpu: i32): i64 {
  for (let bit: i64 = 0; bit < 128; bit++) {
    if (!((get(vcpu, bit < 64 ? 7 : 6) >> (bit & 63)) & 1)) continue;
    for (let i = 0; i < 8; i++) if (load<u32>(apicIds + (i << 2)) == (bit + get(vcpu, 2)) as u32) irq(i, 0x44);
  }
  return 0;
}

let preemptions: i64 = 0;
/** Between sched(v, 2) and the sched(v, 1) that follows it. */
let isAway: bool = false;

let stored: bool = false;
let takeFrom: i64 = 0;
let takeFence: bool = false;

/** Takes the word that a hypercall asked for, by a load and a store: an addition in between is lost. */
export function enter(vcpu: i32): void {
  if (!takeFrom) return;
  set(vcpu, 0, load64(takeFrom));
  store64(takeFrom, 0);
  if (takeFence) mfence();
  takeFrom = 0;
}

/** A vCPU is descheduled before it is scheduled again. */
export function sched(vcpu: i32, what: i32): void {
  if (what == 0 && get(vcpu, IN_GUEST)) unreachable();
  if (isAway && what != 1) unreachable();
  if (what == 2 && get(vcpu, RUNSTATE) != READY) unreachable();
  if (what == 2) preemptions += 1;
  isAway = what == 2;
  if (what == 0) left[vcpu] += 1;
  if (what != 1) return;
  back[vcpu] += 1;
  scaleSeen[vcpu] = get(vcpu, TSC_SCALE);
}

const TSC_SCALE: i32 = 0x5c;
/** Per vCPU: how often it left its CPU, how often it came back, and its TSC_SCALE then. */
const left: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
const back: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];
const scaleSeen: StaticArray<i64> = [0, 0, 0, 0, 0, 0, 0, 0];

export function timer(vcpu: i32, slot: i32): void {
  wake(vcpu);
  irq(vcpu, 0x40);
}

function foreign(): void {
  for (let mfn = 0; mfn < frames(); mfn++) if (owner(mfn) == 2) load64((mfn as i64) << 12);
}
