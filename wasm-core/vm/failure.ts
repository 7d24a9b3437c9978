// Why a schedule failed: one record with everything the outcome says about it, captured at the moment of failure. Not part of snapshots.
import { instanceModule, instanceTag, threadFrame, threadFrameCount } from "../engine/index";
import { Cpu, cpuAt, innermostOp } from "./cpu";
import { ROLE_HOST } from "./modules";
import { END_FAILED, run } from "./run";
import { put, textLength, textOpen } from "./text";

export const FAIL_EXPECT: u32 = 0;
export const FAIL_STUCK: u32 = 1;
export const FAIL_TRAP: u32 = 2;
export const FAIL_FUEL: u32 = 3;
export const FAIL_CONTROL: u32 = 4;
export const FAIL_BAD_ENTRY: u32 = 5;
export const FAIL_ISOLATION: u32 = 6;
export const FAIL_DIED: u32 = 7;
export const FAIL_AUDIT: u32 = 9;
export const FAIL_SCHEDULE: u32 = 11;

export const STACK_MAX: u32 = 24;
const REASON_BYTES: u32 = 400;
const NOTE_BYTES: u32 = 200;
const reasonBuffer: usize = memory.data(400, 8);
const noteBuffer: usize = memory.data(1600, 8);
const noteLengths: usize = memory.data(32, 4);
/** Frames: {role u32, module u32, function u32, offset u32}. */
const stackBuffer: usize = memory.data(384, 4);
const frameCell: usize = memory.data(12, 4);

@unmanaged
export class Failure {
  kind: u32;
  clause: i32;
  /** 1 = expected and seen are numbers. */
  numbers: u32;
  role: i32;
  vcpu: i32;
  op: i32;
  /** Module role of the half it happened in; -1 = none in particular. */
  half: i32;
  frames: u32;
  expected: u64;
  seen: u64;
  reasonLength: u32;
  noteLength: u32;
}

export const failure = changetype<Failure>(memory.data(64, 8));

export function reasonText(): usize {
  return reasonBuffer;
}

/** Words of the last test.note of the failing vCPU. */
export function noteText(): usize {
  return noteBuffer + <usize>(failure.vcpu < 0 ? 0 : failure.vcpu) * NOTE_BYTES;
}

/** Frame i of the stack, innermost first. */
export function stackFrame(i: u32): usize {
  return stackBuffer + (i << 4);
}

export function notesClear(): void {
  memory.fill(noteLengths, 0, 32);
}

/** Keeps the words for the next expectation of this vCPU. */
export function noteSet(c: Cpu, at: usize, length: u32): void {
  const kept = length < NOTE_BYTES ? length : NOTE_BYTES;
  memory.copy(noteBuffer + <usize>c.index * NOTE_BYTES, at, kept);
  store<u32>(noteLengths + (c.index << 2), kept);
}

/** Begins a failure on this vCPU: put… the reason, then failEnd. `thread` is where it happened, 0 = nowhere in particular. */
export function failBegin(kind: u32, clause: i32, c: Cpu, thread: usize): void {
  failure.kind = kind;
  failure.clause = clause;
  failure.numbers = 0;
  failure.role = c.role;
  failure.vcpu = c.index;
  failure.op = innermostOp(c);
  failure.noteLength = load<u32>(noteLengths + (c.index << 2));
  captureStack(thread);
  failure.half = failure.frames ? <i32>load<u32>(stackBuffer) : -1;
  textOpen(reasonBuffer, REASON_BYTES);
}

export function failEnd(): void {
  failure.reasonLength = textLength();
  run.end = END_FAILED;
}

/** A failure with a fixed reason. */
export function fail(kind: u32, clause: i32, c: Cpu, thread: usize, reason: string): void {
  failBegin(kind, clause, c, thread);
  put(reason);
  failEnd();
}

/** A failure of nobody in particular (stuck). */
export function failAnywhere(kind: u32, clause: i32, reason: string): void {
  fail(kind, clause, cpuAt(0), 0, reason);
  failure.role = -1;
  failure.vcpu = -1;
  failure.op = -1;
}

function captureStack(thread: usize): void {
  const count = thread ? threadFrameCount(thread) : 0;
  failure.frames = count < STACK_MAX ? count : STACK_MAX;
  for (let i: u32 = 0; i < failure.frames; i++) {
    threadFrame(thread, i, frameCell);
    const inst: usize = load<u32>(frameCell);
    const at = stackFrame(i);
    store<u32>(at, instanceTag(inst) & 255);
    store<u32>(at, instanceModule(inst), 4);
    store<u32>(at, load<u32>(frameCell, 4), 8);
    store<u32>(at, load<u32>(frameCell, 8), 12);
  }
}

/** Whether two failures are the same one for shrinking: kind and clause. */
export function failureKey(): u32 {
  return (failure.kind << 16) ^ <u32>(failure.clause + 1);
}

/** Charges the failure just recorded to the host half, whose answer led to it. */
export function failureToHost(): void {
  failure.half = ROLE_HOST;
}
