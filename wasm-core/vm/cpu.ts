// What the VM knows of one vCPU beside the machine's record: its thread, its instances, and the contexts nested on it.
//
//   context 0 = base: a role's body, boot code, or nothing at all (parked). Context d + 1 = the handler that interrupted context d.
//   entry     = one call made by the VM on the thread: base, handler, op (kernel → half), call_code. A context spans entries.
import { hotAlloc } from "../memory/arena";
import { Vcpu, vcpuAt } from "../machine/vcpu";
import { TOKENS } from "../machine/layout";
import { config } from "./config";

/** Handlers nested on one vCPU. */
export const CONTEXTS_MAX: u32 = 16;
export const ENTRIES_MAX: u32 = 96;
export const REGISTERS_BYTES: usize = 28 * 8;
/** Loads that an RDTSC may execute before. */
export const EARLY_MAX: u32 = 8;

/** Kinds of entries on a thread. */
export const ENTRY_START: u32 = 1;
export const ENTRY_ROLE: u32 = 2;
export const ENTRY_HANDLER: u32 = 3;
export const ENTRY_OP: u32 = 4;
export const ENTRY_CODE: u32 = 5;
export const ENTRY_USER: u32 = 6;

/** Why a thread's run loop was left by a host call. */
export const LEAVE_NONE: u32 = 0;
/** At a scheduling point, before the instruction: somebody else's turn, or an event to serve. */
export const LEAVE_POINT: u32 = 1;
export const LEAVE_FAULT: u32 = 2;
export const LEAVE_EXIT: u32 = 3;
export const LEAVE_SLEEP: u32 = 4;
export const LEAVE_JUMP: u32 = 5;
/** Call an op: callTarget, callFunc, callArgs. */
export const LEAVE_OP: u32 = 6;
export const LEAVE_CODE: u32 = 7;
/** The schedule ended: run.end says how. */
export const LEAVE_END: u32 = 8;

@unmanaged
export class Context {
  /** 1 = iret was executed: no machine instruction may follow until the handler has returned. */
  armed: u32;
  /** Entries on the thread when the context began. */
  entries: u32;
  /** exec_active and progress of the context while a handler runs on top of it. */
  execActive: u32;
  /** Machine import whose call is suspended. */
  pendingId: u32;
  progress: u64;
  /** Where an armed context returns. */
  rip: u64;
  /** Code that was to be entered on top of the context, and could not be fetched; 0 = none. */
  unfetched: u64;
  /** __stack_pointer of kernel, native, guest, ROM before it was lowered for the handler on top. */
  sp0: u32;
  sp1: u32;
  sp2: u32;
  sp3: u32;
  /** Of a context in user mode: USER_RUNS, USER_RETURNED (user.ts); 0 = kernel. */
  user: u32;
  /** 1 = the instruction under way goes to user mode, and ends when that is over. */
  startsUser: u32;
  /** What it has then: CS in 15:0, SS in 31:16. */
  returnSegments: u32;
  returnCpl: u32;
  returnRsp: u64;
  returnFlags: u64;
}

const CONTEXT_BYTES: usize = offsetof<Context>() + REGISTERS_BYTES;

@unmanaged
export class Cpu {
  vcpu: Vcpu;
  thread: usize;
  index: u32;
  /** Instances by role: kernel, native, guest, ROM; 0 = none. */
  kernel: usize;
  native: usize;
  guest: usize;
  rom: usize;
  /** Index of the innermost context. */
  depth: u32;
  /** Entries on the thread, and their kinds (u8 each) behind the record. */
  entries: u32;
  /** Why the thread left its run loop. */
  leave: u32;
  /** Role that runs here, -1 = none. */
  role: i32;
  /** 1 = idle after start, ap_start or run returned: base context without an entry. */
  parked: u32;
  /** Ops entered and not left. */
  ops: u32;
  /** Scheduling points since it was switched to. */
  points: u32;
  /** Visible instructions executed since it was switched to. */
  visible: u32;
  /** `pause` was executed: others first. */
  yielded: u32;
  /** Pauses in a row without a store of its own having drained. */
  pauses: u32;
  /** Points since the last pause. */
  sincePause: u32;
  /** `instructions` at the last pause. */
  pausedAt: u64;
  /** Barrier it waits at, -1 = none, -2 = it has opened. */
  barrier: i32;
  /** Steps left until a pending kick takes effect. */
  kickIn: u32;
  /** 1 = the pending kick was held back. */
  kickHeld: u32;
  /** 0 = whether a due interrupt lands is still to be decided, 1 = it does, n = it is held back for n - 1 windows. */
  hold: u32;
  /** Pauses of others for which a stolen vCPU is still kept off its CPU. */
  kept: u32;
  /** Held out of guest mode by host.stop. */
  stopped: u32;
  stopWanted: u32;
  /** Goes back to guest mode when the host call or stop that took it out ends. */
  reenter: u32;
  /** It slept by HLT when it left guest mode, and sleeps on when it comes back. */
  halted: u32;
  /** Taken from the guest by a steal; ns to pass before it runs again. */
  stolen: u64;
  /** 1 = whether others come before it runs again has been decided. */
  readyAsked: u32;
  /** Real time until which a planned steal lasts. */
  planSteal: u64;
  /** Failed entry checks without an instruction in between. */
  badEntries: u32;
  /** 1 = its sched(v, 0) waits for the lock or is under way: it cannot run again before that has returned. */
  leaving: u32;
  /** sched(v, 1) is due before it enters guest mode. */
  schedDue: u32;
  /** 1 = control went where nothing can be fetched: its page fault is delivered next. */
  refault: u32;
  /** 1 = between two steps of one instruction or delivery: nothing comes to this vCPU, and it does not leave guest mode. */
  middle: u32;
  /** What goes on at the next turn, before anything else: WALK_… (walks.ts), 0 = nothing. */
  walks: u32;
  /** Machine import whose call was left last. */
  pendingId: u32;
  callTarget: usize;
  callFunc: u32;
  callArgc: u32;
  callOp: i32;
  callHasResult: u32;
  /** Cost scopes open on this vCPU, a bit each. */
  scopes: u64;
  exits: u32;
  /** Plain loads since the last instruction of another kind, at most EARLY_MAX (early.ts). */
  loads: u32;
  /** Loads before which the pending RDTSC executes, 0 = none. */
  early: u32;
  /** Real time at which the last instruction completed. */
  completedAt: u64;
  /** Instructions of this vCPU. */
  instructions: u64;
}

const AT_KINDS: usize = (offsetof<Cpu>() + 7) & ~7;
const AT_OPS: usize = AT_KINDS + ENTRIES_MAX;
const AT_ARGS: usize = AT_OPS + (ENTRIES_MAX << 2);
const AT_MOMENTS: usize = AT_ARGS + 8 * 8;
const AT_CONTEXTS: usize = AT_MOMENTS + EARLY_MAX * 8;
const CPU_BYTES: usize = AT_CONTEXTS + (CONTEXTS_MAX + 1) * CONTEXT_BYTES;

let cpus: usize = 0;

/** Allocates all records; false when hot memory is full. */
export function cpusCreate(): bool {
  cpus = hotAlloc(CPU_BYTES * config.vcpus);
  if (!cpus) return false;
  for (let i: u32 = 0; i < config.vcpus; i++) {
    const c = cpuAt(i);
    c.index = i;
    c.vcpu = vcpuAt(i);
    c.role = -1;
    c.barrier = -1;
  }
  return true;
}

@inline
export function cpuAt(i: u32): Cpu {
  return changetype<Cpu>(cpus + i * CPU_BYTES);
}

@inline
export function contextAt(c: Cpu, depth: u32): Context {
  return changetype<Context>(changetype<usize>(c) + AT_CONTEXTS + depth * CONTEXT_BYTES);
}

/** Saved registers of a context: 28 × u64. */
@inline
export function contextRegisters(c: Cpu, depth: u32): usize {
  return changetype<usize>(contextAt(c, depth)) + offsetof<Context>();
}

@inline
export function entryKind(c: Cpu, i: u32): u32 {
  return load<u8>(changetype<usize>(c) + AT_KINDS + i);
}

/** Notes an entry that was just made; false when there are too many. */
export function pushEntry(c: Cpu, kind: u32): bool {
  if (c.entries == ENTRIES_MAX) return false;
  store<u8>(changetype<usize>(c) + AT_KINDS + c.entries, kind);
  c.entries += 1;
  return true;
}

/** Innermost op entered, -1 = none. */
@inline
export function innermostOp(c: Cpu): i32 {
  return c.ops ? load<i32>(changetype<usize>(c) + AT_OPS + ((c.ops - 1) << 2)) >> 1 : -1;
}

/** Whether the innermost op answers a value. */
export function opHasResult(c: Cpu): bool {
  return (load<i32>(changetype<usize>(c) + AT_OPS + ((c.ops - 1) << 2)) & 1) != 0;
}

/** Notes that an op was entered; there are never more ops than entries. */
export function pushOp(c: Cpu, op: i32, hasResult: u32): void {
  store<i32>(changetype<usize>(c) + AT_OPS + (c.ops << 2), (op << 1) | hasResult);
  c.ops += 1;
}

/** Arguments of a call that the main loop is asked to make: 8 × u64. */
@inline
export function callArgs(c: Cpu): usize {
  return changetype<usize>(c) + AT_ARGS;
}

/** Moment of the i-th load that an RDTSC may execute before: u64. */
@inline
export function momentAt(c: Cpu, i: u32): usize {
  return changetype<usize>(c) + AT_MOMENTS + (i << 3);
}

/** Resume token of the innermost context. */
@inline
export function token(c: Cpu): u64 {
  return TOKENS + <u64>(c.depth << 4);
}

export function instanceOf(c: Cpu, role: u32): usize {
  if (role == 0) return c.kernel;
  if (role == 1) return c.native;
  if (role == 2) return c.guest;
  return role == 3 ? c.rom : 0;
}
