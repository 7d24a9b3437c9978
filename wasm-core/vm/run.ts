// State of the schedule under way. Hot: a restore brings back what it was at boot's end.
import { hotAlloc } from "../memory/arena";

/** How a schedule ended. */
export const END_NONE: u32 = 0;
export const END_OK: u32 = 1;
/** The failure record says why (failure.ts). */
export const END_FAILED: u32 = 2;
/** The case does not apply: an op is not offered. */
export const END_NOT_OFFERED: u32 = 3;
/** A schedule string does not fit: replay.ts says where. */
export const END_UNFIT: u32 = 4;
/** The state is known: nothing new behind it. */
export const END_KNOWN: u32 = 5;

/** Functions of the host half that the VM calls. */
export const HOST_BOOT: u32 = 0;
export const HOST_EXIT: u32 = 1;
export const HOST_ENTER: u32 = 2;
export const HOST_SCHED: u32 = 3;
export const HOST_TIMER: u32 = 4;

/** Stages of a preemption of host work: decided, sched(v, 2) under way, descheduled, sched(v, 1) under way. */
export const NESTED_DUE: u32 = 1;
export const NESTED_LEAVES: u32 = 2;
export const NESTED_AWAY: u32 = 3;
export const NESTED_RETURNS: u32 = 4;

export const QUEUE_MAX: u32 = 128;

@unmanaged
export class Run {
  end: u32;
  /** vCPU whose turn it is. */
  current: u32;
  /** Choice index: decisions made so far. */
  decisions: u32;
  /** 1 while boot runs. */
  booting: u32;
  rolesLeft: u32;
  /** Bit per vCPU whose role is in quiet set-up. */
  quiet: u32;
  /** Bit per vCPU that a barrier has released and that has not run since: not quiet any more. */
  released: u32;
  mayEnd: u32;
  /** Round-robin and stepping time. */
  sequential: u32;
  /** Instructions of all vCPUs and the host half in this schedule, and charges. */
  fuelUsed: i64;
  fuelMax: i64;
  /** 1 = the last turn was cut between two points by the slice of fuel. */
  resume: u32;
  // ---- time
  deadlineDirty: u32;
  /** Real time of the next timer or planned event. */
  deadline: u64;
  /** Bit per vCPU whose host timers expired where it cannot leave guest mode: at its next boundary. */
  timersHeld: u32;
  // ---- the host half's lock
  hostActive: u32;
  /** CPU that the host half runs on, and what it was called for. */
  hostCpu: u32;
  hostFunction: u32;
  hostVcpu: i32;
  hostArg: u32;
  /** 1 = the active call has returned; what it left in the store buffer drains when its vCPU has the next turn. */
  hostLeaving: u32;
  /** vCPU that host.stop waits for, -1 = none. */
  hostWaits: i32;
  /** Bytes that the pending copy_in or copy_out has done. */
  hostProgress: u32;
  /** What the first step of a host access has loaded. */
  hostPart: u64;
  /** Preemption of host work at a resched: 0 none, else NESTED_… */
  hostNested: u32;
  /** 1 = the host half is at a resched. */
  hostResched: u32;
  /** 1 = host.boot has returned. */
  hostBooted: u32;
  queueFirst: u32;
  queueCount: u32;
  /** Yields by pause since anything but loads and pauses happened. */
  idleYields: u32;
  /** 1 = a steal of others was offered in this schedule. */
  stealsOffered: u32;
  /** CPU that ran before the host half was called for another one; -1 = none. */
  previous: i32;
  notOffered: i32;
  /** 1 = the guest ended in order: no half runs any more. */
  shutdown: u32;
  /** Preemptions taken so far. */
  preemptions: u32;
  arrivalsTaken: u32;
  /** 1 = the case planned events. */
  planned: u32;
  /** Stage of the migration under way (migration.ts), 0 = none. */
  migration: u32;
  /** What it adds to every TSC. */
  migrationOffset: u64;
}

export let run: Run = changetype<Run>(0);
let queue: usize = 0;

export function runCreate(): bool {
  const at = hotAlloc(offsetof<Run>());
  queue = hotAlloc(QUEUE_MAX << 4);
  if (!at || !queue) return false;
  run = changetype<Run>(at);
  run.hostWaits = -1;
  run.previous = -1;
  run.notOffered = -1;
  return true;
}

/** Request i of the lock's queue: {function u32, cpu u32, vcpu i32, arg u32}. */
@inline
export function queueAt(i: u32): usize {
  return queue + (((run.queueFirst + i) & (QUEUE_MAX - 1)) << 4);
}

/** Whether such a call waits already. */
export function queueHas(fn: u32, vcpu: i32, arg: u32): bool {
  for (let i: u32 = 0; i < run.queueCount; i++) {
    const at = queueAt(i);
    if (load<u32>(at) == fn && load<i32>(at, 8) == vcpu && load<u32>(at, 12) == arg) return true;
  }
  return false;
}

/** Drops what waits for a vCPU but its timers: it was turned off. */
export function queueDrop(cpu: u32): void {
  let kept: u32 = 0;
  for (let i: u32 = 0; i < run.queueCount; i++) {
    const at = queueAt(i);
    if (load<u32>(at, 4) == cpu && load<u32>(at) != HOST_TIMER) continue;
    if (kept != i) memory.copy(queueAt(kept), at, 16);
    kept += 1;
  }
  for (let i = kept; i < run.queueCount; i++) memory.fill(queueAt(i), 0, 16);
  run.queueCount = kept;
}

/** Queues a call of the host half behind (or before) the waiting ones. Nine timers and three others per vCPU at most. */
export function queuePush(front: bool, fn: u32, cpu: u32, vcpu: i32, arg: u32): void {
  if (run.queueCount == QUEUE_MAX) return;
  if (front) run.queueFirst = (run.queueFirst - 1) & (QUEUE_MAX - 1);
  const at = queueAt(front ? 0 : run.queueCount);
  run.queueCount += 1;
  store<u32>(at, fn);
  store<u32>(at, cpu, 4);
  store<i32>(at, vcpu, 8);
  store<u32>(at, arg, 12);
}
