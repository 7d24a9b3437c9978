// Threads: all state of a computation that may be suspended between any two instructions.
//
//   stack: | crossings (16 B each, fixed room) | entry record | frame | frame | entry record (nested) | frame | …   live ▶
//   frame: | parameters | locals | link | operands … |    8-byte slots; a callee's frame starts at its first argument
//   link:  | return pc u32 | caller's fp u32 |
//   crossing: | return pc u32 | caller's instance u32 | unused u64 |   pushed when a call changes the instance
//   entry: saved context of what was suspended, see Entry
import { hotAlloc, stackAlloc, stackTrack } from "../memory/arena";
import { Func } from "./module";
import { FuncRef, Instance, funcRefOf } from "./instance";
import { entryCode, functionAt, offsetAt, stubEntryReturn, stubCrossReturn } from "./code";

export const RAN_RETURNED: i32 = 0;
export const RAN_FUEL: i32 = 1;
export const RAN_HOST: i32 = 2;
export const RAN_TRAP: i32 = 3;

export const HOST_DONE: i32 = 0;
export const HOST_LEAVE: i32 = 1;
export const HOST_RESTART: i32 = 2;
export const HOST_TRAP: i32 = 3;

export const TRAP_NONE: i32 = 0;
export const TRAP_UNREACHABLE: i32 = 1;
export const TRAP_MEMORY_BOUNDS: i32 = 2;
export const TRAP_TABLE_BOUNDS: i32 = 3;
export const TRAP_INDIRECT_NULL: i32 = 4;
export const TRAP_INDIRECT_TYPE: i32 = 5;
export const TRAP_DIVIDE_BY_ZERO: i32 = 6;
export const TRAP_INTEGER_OVERFLOW: i32 = 7;
export const TRAP_INVALID_CONVERSION: i32 = 8;
export const TRAP_STACK: i32 = 9;
export const TRAP_HOST: i32 = 10;

export const CROSSING_BYTES: usize = 16;

@unmanaged
export class Thread {
  /** Remaining instructions; exact whenever the thread is not running and in host calls. */
  fuel: i64;
  /** Result of the last operation. */
  acc: u64;
  /** Extra cost of bulk operations that is still to be paid from coming fuel. */
  debt: i64;
  /** Instance of the innermost function; 0 = nothing entered. */
  instance: usize;
  /** What the last threadRun answered (RAN_*). */
  status: i32;
  /** Trap kind after RAN_TRAP. */
  trap: i32;
  /** Calls on the stack, over all entries. */
  depth: u32;
  /** Entries on the stack. */
  entries: u32;
  depthMax: u32;
  pc: usize;
  fp: usize;
  /** Instructions already paid of the operation at pc. */
  carry: u32;
  /** 1 = pc is at a host call that answered RESTART. */
  pending: u32;
  /** Address of the pending host call's argument slots. */
  pendingArgs: usize;
  stackStart: usize;
  stackEnd: usize;
  /** No frame has reached beyond this address. */
  stackHigh: usize;
  live: usize;
  /** Innermost entry record, 0 = none. */
  entry: usize;
  crossTop: usize;
  crossEnd: usize;
  results: usize;
}

/** The context that an entry suspended. */
@unmanaged
export class Entry {
  acc: u64;
  debt: i64;
  previous: usize;
  pc: usize;
  fp: usize;
  instance: usize;
  carry: u32;
  pending: u32;
  pendingArgs: usize;
  crossTop: usize;
  depth: u32;
  live: usize;
  status: i32;
  trap: i32;
}

const ENTRY_BYTES: usize = 64;

@inline
export function asThread(t: usize): Thread {
  return changetype<Thread>(t);
}

/** A thread with its own stack. callDepthMax counts frames over all entries. 0 = no memory. */
export function threadCreate(stackBytes: u32, callDepthMax: u32): usize {
  const at = hotAlloc(offsetof<Thread>());
  if (!at) return 0;
  const t = asThread(at);
  const crossings = min<u32>(callDepthMax, 1024) * CROSSING_BYTES;
  t.stackStart = stackAlloc(stackBytes + crossings);
  if (!t.stackStart) return 0;
  t.stackEnd = t.stackStart + stackBytes + crossings;
  t.crossEnd = t.stackStart + crossings;
  t.stackHigh = t.crossEnd;
  t.depthMax = callDepthMax;
  stackTrack(t.stackStart, at + offsetof<Thread>("live"), at + offsetof<Thread>("stackHigh"));
  threadReset(at);
  return at;
}

/** Drops everything the thread was doing. */
export function threadReset(thread: usize): void {
  const t = asThread(thread);
  t.fuel = 0;
  t.acc = 0;
  t.debt = 0;
  t.instance = 0;
  t.status = RAN_RETURNED;
  t.trap = TRAP_NONE;
  t.depth = 0;
  t.entries = 0;
  t.pc = 0;
  t.fp = 0;
  t.carry = 0;
  t.pending = 0;
  t.pendingArgs = 0;
  t.entry = 0;
  t.crossTop = t.stackStart;
  t.live = t.crossEnd;
  t.results = t.crossEnd;
}

/** Pushes a call of a function on top of whatever is suspended. Returns the address of its u64 argument slots; 0 = stack exhausted, or a host function. */
export function threadEnter(thread: usize, inst: usize, funcIndex: u32, argc: u32): usize {
  const ref = changetype<FuncRef>(funcRefOf(inst, funcIndex));
  return threadEnterRef(thread, changetype<usize>(ref), argc);
}

/** threadEnter by FuncRef, as found in tables. */
export function threadEnterRef(thread: usize, target: usize, argc: u32): usize {
  const t = asThread(thread);
  const ref = changetype<FuncRef>(target);
  const code = entryCode(target);
  if (!code) return 0;
  const func = changetype<Func>(code);
  const record = (t.live + 15) & ~15;
  const frame = record + ENTRY_BYTES;
  const top = frame + func.frameBytes;
  if (top > t.stackEnd || t.depth >= t.depthMax) return 0;
  if (top > t.stackHigh) t.stackHigh = top;
  saveContext(t, changetype<Entry>(record));
  t.entry = record;
  t.entries += 1;
  t.depth += 1;
  t.instance = ref.instance;
  t.pc = func.code;
  t.fp = frame;
  t.acc = 0;
  t.carry = 0;
  t.pending = 0;
  t.debt = 0;
  t.live = top;
  memory.fill(frame, 0, <usize>argc << 3);
  memory.fill(frame + func.zeroStart, 0, func.zeroBytes);
  store<u32>(frame + func.link, stubEntryReturn());
  store<u32>(frame + func.link, 0, 4);
  return frame;
}

function saveContext(t: Thread, e: Entry): void {
  e.acc = t.acc;
  e.debt = t.debt;
  e.previous = t.entry;
  e.pc = t.pc;
  e.fp = t.fp;
  e.instance = t.instance;
  e.carry = t.carry;
  e.pending = t.pending;
  e.pendingArgs = t.pendingArgs;
  e.crossTop = t.crossTop;
  e.depth = t.depth;
  e.live = t.live;
  e.status = t.status;
  e.trap = t.trap;
}

/** Drops the innermost entry: what it suspended is current again, exactly. */
export function threadUnwind(thread: usize): void {
  const t = asThread(thread);
  if (!t.entry) return;
  const e = changetype<Entry>(t.entry);
  t.results = t.entry + ENTRY_BYTES;
  t.acc = e.acc;
  t.debt += e.debt;
  t.entry = e.previous;
  t.pc = e.pc;
  t.fp = e.fp;
  t.instance = e.instance;
  t.carry = e.carry;
  t.pending = e.pending;
  t.pendingArgs = e.pendingArgs;
  t.crossTop = e.crossTop;
  t.depth = e.depth;
  t.live = e.live;
  t.status = e.status;
  t.trap = e.trap;
  t.entries -= 1;
}

/** Address of the u64 result slots of the entry that returned last; valid until the thread runs or is entered again. */
export function threadResults(thread: usize): usize {
  return asThread(thread).results;
}

/** End of the live stack. */
export function threadLive(thread: usize): usize {
  return asThread(thread).live;
}

/** Frames on the stack, innermost first, over all entries. */
export function threadFrameCount(thread: usize): u32 {
  return walk(asThread(thread), 0xffffffff, 0);
}

/** Writes {instance, function index, code offset in the module} (u32 each) of frame i to out; false = no such frame. */
export function threadFrame(thread: usize, i: u32, out: usize): bool {
  return walk(asThread(thread), i, out) == 0xffffffff;
}

/** Walks the frames; at frame `wanted` writes it out and answers 0xffffffff, otherwise answers how many there are. */
function walk(t: Thread, wanted: u32, out: usize): u32 {
  let pc = t.pc;
  let fp = t.fp;
  let instance = t.instance;
  let entry = t.entry;
  let cross = t.crossTop;
  let count: u32 = 0;
  while (instance && pc) {
    const func = changetype<Func>(functionAt(instance, pc));
    if (!changetype<usize>(func)) break;
    if (count == wanted) {
      store<u32>(out, instance);
      store<u32>(out, func.index, 4);
      store<u32>(out, offsetAt(func, pc), 8);
      return 0xffffffff;
    }
    count += 1;
    const link = fp + func.link;
    pc = load<u32>(link);
    fp = load<u32>(link, 4);
    if (pc == stubCrossReturn()) {
      cross -= CROSSING_BYTES;
      pc = load<u32>(cross);
      instance = load<u32>(cross, 4);
    }
    if (pc == stubEntryReturn()) {
      const e = changetype<Entry>(entry);
      pc = e.pc;
      fp = e.fp;
      instance = e.instance;
      cross = e.crossTop;
      entry = e.previous;
    } else pc -= 8;
  }
  return count;
}
