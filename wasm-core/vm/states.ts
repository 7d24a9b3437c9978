// States that the search has been in: a schedule whose last deviation leads to a known one has nothing new behind it.
//
//   table (open addressing, 16 bytes): | hash u64 | preemptions used + 1 u32 | unused |     0 = free
// The hash covers everything that decides what follows: hot memory, written pages, stacks, the outcome so far. Counters of what has
// been done are taken out of it while it is computed.
import { immutableAlloc } from "../memory/arena";
import { differenceDigest } from "../memory/difference";
import { Thread } from "../engine/thread";
import { Vcpu } from "../machine/vcpu";
import { config } from "./config";
import { Cpu, cpuAt } from "./cpu";
import { hostInstance, hostThread } from "./link";
import { outcomeDigest } from "./outcome-set";
import { run, Run } from "./run";

const ENTRIES: u32 = 32768;
const ENTRY_BYTES: usize = 16;
const FULL: u32 = 24576;
const kept: usize = memory.data(2048, 8);

let table: usize = 0;
let used: u32 = 0;

export function statesCreate(): bool {
  table = immutableAlloc(ENTRIES * ENTRY_BYTES);
  return table != 0;
}

export function statesForget(): void {
  if (used) memory.fill(table, 0, ENTRIES * ENTRY_BYTES);
  used = 0;
}

/** Whether the present state was reached before with as few preemptions; it is known from now on. */
export function stateIsKnown(): bool {
  const hash = stateHash();
  const cost = run.preemptions + 1;
  let slot = <u32>hash & (ENTRIES - 1);
  for (;;) {
    const entry = table + slot * ENTRY_BYTES;
    const known = load<u32>(entry, 8);
    if (!known) break;
    if (load<u64>(entry) == hash) {
      if (known <= cost) return true;
      store<u32>(entry, cost, 8);
      return false;
    }
    slot = (slot + 1) & (ENTRIES - 1);
  }
  if (used == FULL) return false;
  used += 1;
  store<u64>(table + slot * ENTRY_BYTES, hash);
  store<u32>(table + slot * ENTRY_BYTES, cost, 8);
  return false;
}

function stateHash(): u64 {
  takeOut();
  const hash = differenceDigest();
  putBack();
  return hash ^ outcomeDigest();
}

let keptTop: usize = 0;

/** Keeps the u64 or u32 at `at` and replaces it. */
function swap64(at: usize, value: u64): void {
  store<u64>(kept + keptTop, load<u64>(at));
  store<u64>(at, value);
  keptTop += 8;
}

function swap32(at: usize, value: u32): void {
  store<u64>(kept + keptTop, load<u32>(at));
  store<u32>(at, value);
  keptTop += 8;
}

let restoring: bool = false;
let readAt: usize = 0;

function visit64(at: usize, value: u64): void {
  if (!restoring) return swap64(at, value);
  store<u64>(at, load<u64>(kept + readAt));
  readAt += 8;
}

function visit32(at: usize, value: u32): void {
  if (!restoring) return swap32(at, value);
  store<u32>(at, <u32>load<u64>(kept + readAt));
  readAt += 8;
}

function takeOut(): void {
  restoring = false;
  keptTop = 0;
  visitCounters();
}

function putBack(): void {
  restoring = true;
  readAt = 0;
  visitCounters();
}

/** Every counter that tells only how the state was reached. */
function visitCounters(): void {
  const r = changetype<usize>(run);
  visit32(r + offsetof<Run>("decisions"), 0);
  visit64(r + offsetof<Run>("fuelUsed"), 0);
  visit32(r + offsetof<Run>("preemptions"), 0);
  visit32(r + offsetof<Run>("idleYields"), 0);
  visit32(r + offsetof<Run>("stealsOffered"), 0);
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const c = cpuAt(i);
    visitCpu(c, changetype<usize>(c));
    visitVcpu(changetype<usize>(c.vcpu));
    visitThread(c.thread);
  }
  if (hostInstance) visitThread(hostThread);
}

/** Fuel and the last answer depend on how the work was cut into slices. */
function visitThread(at: usize): void {
  visit64(at + offsetof<Thread>("fuel"), 0);
  visit32(at + offsetof<Thread>("status"), 0);
}

function visitCpu(c: Cpu, at: usize): void {
  visit32(at + offsetof<Cpu>("points"), 0);
  visit32(at + offsetof<Cpu>("visible"), c.visible ? 1 : 0);
  visit32(at + offsetof<Cpu>("pauses"), c.pauses < 3 ? c.pauses : 3);
  visit32(at + offsetof<Cpu>("sincePause"), 0);
  visit64(at + offsetof<Cpu>("pausedAt"), 0);
  visit64(at + offsetof<Cpu>("instructions"), 0);
}

function visitVcpu(at: usize): void {
  visit32(at + offsetof<Vcpu>("count_accesses"), 0);
  visit32(at + offsetof<Vcpu>("count_locked"), 0);
  visit32(at + offsetof<Vcpu>("count_flush_one"), 0);
  visit32(at + offsetof<Vcpu>("count_flush_local"), 0);
  visit32(at + offsetof<Vcpu>("count_flush_remote"), 0);
  visit32(at + offsetof<Vcpu>("count_ipis"), 0);
}
