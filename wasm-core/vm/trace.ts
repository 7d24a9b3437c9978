// The trace of one schedule: the last entries, kept outside snapshots. Written only while `tracing`.
//
//   entry (40 bytes): | vcpu u8 | layer u8 | kind u8 | depth u8 | op i32 | code u32 | status u32 | a u64 | b u64 | result u64 |
import { instanceTag } from "../engine/index";
import { asThread } from "../engine/thread";
import { immutableAlloc } from "../memory/arena";
import { config } from "./config";
import { Cpu, innermostOp } from "./cpu";
import { ROLE_HOST } from "./modules";

/** Layers beside the five module roles. */
export const LAYER_MACHINE: u32 = 5;

export const TRACE_INSTRUCTION: u32 = 0;
export const TRACE_HOST: u32 = 1;
export const TRACE_ENTER: u32 = 2;
export const TRACE_LEAVE: u32 = 3;
export const TRACE_EXIT: u32 = 4;
export const TRACE_CALL: u32 = 5;
export const TRACE_EVENT: u32 = 6;
export const TRACE_SWITCH: u32 = 7;
export const TRACE_DRAIN: u32 = 8;
export const TRACE_TEST: u32 = 9;
export const TRACE_EVICT: u32 = 10;
export const TRACE_STEAL: u32 = 11;
export const TRACE_ARRIVAL: u32 = 12;
export const TRACE_TIME: u32 = 13;
export const TRACE_HOLD: u32 = 14;
export const TRACE_LAND: u32 = 15;
export const TRACE_KEEP: u32 = 16;
export const TRACE_MIGRATION: u32 = 17;
export const TRACE_HOIST: u32 = 18;

const ENTRY_BYTES: usize = 40;
/** Texts of test.note that are kept, the last ones, and bytes of each. */
const NOTES_MAX: u32 = 128;
const NOTE_BYTES: u32 = 200;
export let tracing: bool = false;
let entries: usize = 0;
let written: u32 = 0;
let notes: usize = 0;
let notesWritten: u32 = 0;

export function traceCreate(): bool {
  entries = immutableAlloc(config.traceMax * ENTRY_BYTES);
  notes = immutableAlloc(NOTES_MAX * NOTE_BYTES);
  return entries != 0 && notes != 0;
}

/** Starts (from nothing) or stops. */
export function traceRecord(on: bool): void {
  tracing = on;
  if (!on) return;
  written = 0;
  notesWritten = 0;
}

/** Entries kept, and those dropped before them. */
export function traceCount(): u32 {
  return written < config.traceMax ? written : config.traceMax;
}

export function traceDropped(): u32 {
  return written - traceCount();
}

/** Entry i of those kept, oldest first. */
export function traceEntry(i: u32): usize {
  return entries + ((traceDropped() + i) % config.traceMax) * ENTRY_BYTES;
}

export function traceAdd(c: Cpu, layer: u32, kind: u32, code: u32, a: u64, b: u64): usize {
  const at = entries + (written % config.traceMax) * ENTRY_BYTES;
  written += 1;
  store<u8>(at, c.index);
  store<u8>(at, layer, 1);
  store<u8>(at, kind, 2);
  store<i32>(at, innermostOp(c), 4);
  store<u32>(at, code, 8);
  store<u32>(at, 0, 12);
  store<u64>(at, a, 16);
  store<u64>(at, b, 24);
  store<u64>(at, 0, 32);
  return at;
}

/** Role of the code that runs on the vCPU. */
function layerOf(c: Cpu): u32 {
  const inst = asThread(c.thread).instance;
  return inst ? instanceTag(inst) & 255 : 0;
}

/** An instruction with its operands; args[0] holds the result already if it completed. */
export function traceMachine(c: Cpu, id: u32, a: u64, b: u64, status: i32, result: u64): void {
  const at = traceAdd(c, layerOf(c), TRACE_INSTRUCTION, id, a, b);
  store<u32>(at, status, 12);
  store<u64>(at, result, 32);
}

export function traceHost(c: Cpu, id: u32, a: u64, b: u64, result: u64): void {
  store<u64>(traceAdd(c, ROLE_HOST, TRACE_HOST, id, a, b), result, 32);
}

export function traceEnter(c: Cpu, op: i32, a: u64, b: u64): void {
  traceAdd(c, layerOf(c), TRACE_ENTER, op, a, b);
}

export function traceLeave(c: Cpu, op: i32, result: u64): void {
  traceAdd(c, layerOf(c), TRACE_LEAVE, op, result, 0);
}

export function traceExit(c: Cpu): void {
  const v = c.vcpu;
  traceAdd(c, LAYER_MACHINE, TRACE_EXIT, v.exit_reason, v.exit_insn, v.exit_a);
}

export function traceHostCall(c: Cpu, fn: u32, vcpu: i32, arg: u32): void {
  traceAdd(c, ROLE_HOST, TRACE_CALL, fn, <u64>vcpu, arg);
}

/** A delivery of an event or exception. */
export function traceDeliver(c: Cpu, status: i32): void {
  const v = c.vcpu;
  store<u32>(traceAdd(c, LAYER_MACHINE, TRACE_EVENT, v.delivered_vector, v.rip, v.cr2), status, 12);
}

export function traceTest(c: Cpu, id: u32, a: u64, b: u64): void {
  traceAdd(c, 0, TRACE_TEST, id, a, b);
}

/** The words of the test.note that was traced last; its entry has their length, and their number from 1, behind the operands. */
export function traceNote(at: usize, length: u32): void {
  const kept = min(length, NOTE_BYTES);
  memory.copy(notes + (notesWritten % NOTES_MAX) * NOTE_BYTES, at, kept);
  notesWritten += 1;
  const entry = traceEntry(traceCount() - 1);
  store<u32>(entry, kept, 12);
  store<u64>(entry, notesWritten, 32);
}

/** Where the words of a traced note are, 0 = it is none, or they are kept no more. */
export function traceNoteText(entry: usize): usize {
  const number = <u32>load<u64>(entry, 32);
  return number != 0 && notesWritten - number < NOTES_MAX ? notes + ((number - 1) % NOTES_MAX) * NOTE_BYTES : 0;
}
