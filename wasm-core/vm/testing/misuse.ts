// A host half that goes wrong in every way a seed can name: calls of host.* with arguments that mean nothing, and any action.
import {
  assign, cmpxchg, copyIn, copyOut, cpuid, frames, get, guestFrame, irq, kick, load16, load32, load64, load8, log, mfence, nmi, now, owner,
  param, release, resched, rmw, set, stop, store16, store32, store64, store8, timerCancel, timerSet, tlb, translate, tscHz, vcpuOff, vcpuOn, wake,
} from "./host-imports";

let state: i64 = 0;

/** Next number of the seed's sequence (splitmix64). */
function next(): u64 {
  state += <i64>0x9e3779b97f4a7c15;
  let z = state as u64;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

function below(n: u32): u32 {
  return (next() % n) as u32;
}

/** A number with a meaning, at a border, or without either. */
function word(): i64 {
  const small = below(24) as i64;
  switch (below(8)) {
    case 0: return small - 4;
    case 1: return (next() >> (small as u64)) as i64;
    case 2: return -((1 as i64) << (small * 2));
    case 3: return ((1 as i64) << (small * 2 + 12)) - (below(9) as i64);
    case 4: return i64.MIN_VALUE >> (small as i64);
    case 5: return i64.MAX_VALUE - small;
    default: return (below(600) as i64) << 12 | (below(4096) as i64);
  }
}

/** Mostly a vCPU that exists. */
function vcpu(): i32 {
  return below(8) ? below(3) : (word() as i32);
}

/** Mostly a field that exists. */
function field(): i32 {
  return below(8) ? below(0xa0) : (word() as i32);
}

/** A machine address: mostly of memory that is the guest's or its own, so that the run goes on. */
function address(): i64 {
  if (!below(40)) return word();
  return (guestFrame(below(512)) << 12) | (below(4088) as i64);
}

function memory(): void {
  switch (below(11)) {
    case 0: load8(address()); break;
    case 1: load16(address()); break;
    case 2: load32(address()); break;
    case 3: load64(address()); break;
    case 4: store8(address(), word() as i32); break;
    case 5: store16(address(), word() as i32); break;
    case 6: store32(address(), word() as i32); break;
    case 7: rmw(below(0x200), address(), word()); break;
    case 8: cmpxchg(below(0x200), address(), word(), word()); break;
    case 9: copyIn(below(60) ? 4096 + (below(64) as i32) : (word() as i32), address(), below(60) ? (below(100) as i32) : (word() as i32)); break;
    default: copyOut(4096 + (below(64) as i32), address(), below(100)); break;
  }
}

function general(): void {
  switch (below(10)) {
    case 0: translate(vcpu(), word(), word() as i32); break;
    case 1: owner(word()); break;
    case 2: guestFrame(word() as i32); break;
    case 3: assign(word(), word() as i32); break;
    case 4: assign((word() >> 12) % (frames() as i64), below(3)); break;
    case 5: cpuid(word() as i32, word() as i32, word() as i32); break;
    case 6: param(word() as i32); break;
    case 7: if (!below(20)) log(word() as i32, word() as i32); break;
    case 8: tscHz(); break;
    default: now();
  }
}

function control(): void {
  switch (below(14)) {
    case 0: get(vcpu(), field()); break;
    case 1: case 2: case 3: set(vcpu(), field(), word()); break;
    case 4: irq(vcpu(), below(4) ? (below(256) as i32) : (word() as i32)); break;
    case 5: if (!below(4)) nmi(vcpu()); break;
    case 6: tlb(vcpu(), below(9), word(), word()); break;
    case 7: kick(vcpu()); break;
    case 8: stop(vcpu()); break;
    case 9: release(vcpu()); break;
    case 10: wake(vcpu()); break;
    case 11: if (!below(4)) vcpuOn(vcpu()); else resched(vcpu()); break;
    case 12: if (!below(6)) vcpuOff(vcpu()); else timerCancel(vcpu() - 1, word() as i32); break;
    default: timerSet(vcpu() - 1, below(9), word(), below(2) ? 0 : word(), below(4));
  }
}

/** Makes some calls as the seed says, then answers an action: mostly one that exists. */
export function misuse(vcpuOfExit: i32, seed: i64): i32 {
  state = seed;
  const calls = below(12);
  for (let i: u32 = 0; i < calls; i++) {
    const kind = below(3);
    if (kind == 0) memory();
    else if (kind == 1) general();
    else control();
  }
  if (!below(4)) mfence();
  // Whatever became of RIP, half of the exits go on behind the hypercall.
  if (below(2)) set(vcpuOfExit, 0x20, get(vcpuOfExit, 0x20) + 1);
  return below(12) ? (below(2) ? 0 : (below(4) as i32)) : (word() as i32);
}
