// The outcome of a unit (or of a failed boot) as JSON in the output buffer.
import { funcName } from "../engine/index";
import { costRow, counterName, COUNTERS, SCOPES_MAX } from "./costs";
import {
  FAIL_AUDIT,
  FAIL_BAD_ENTRY,
  FAIL_CONTROL,
  FAIL_DIED,
  FAIL_EXPECT,
  FAIL_FUEL,
  FAIL_ISOLATION,
  FAIL_SCHEDULE,
  FAIL_STUCK,
  FAIL_TRAP,
  failure,
  noteText,
  reasonText,
  stackFrame,
} from "./failure";
import { roleName } from "./errors";
import { opCount } from "./ops";
import { CLAUSES_MAX, isReached, outcomeCount, outcomeSlots, outcomeVector } from "./outcome-set";
import { scheduleText, scheduleTextLength } from "./schedule";
import { bigValue, bytesValue, close, comma, key, nullValue, numberValue, open, outputClose, outputOpen, put, putByte, putEscaped, putI64, wordValue } from "./text";
import { traceValue } from "./trace-text";

/** What the search adds to the outcome. */
@unmanaged
export class Result {
  /** 1 = failed: the failure record counts. */
  failed: u32;
  tried: u32;
  exhausted: u32;
  bound: u32;
  fuel: u64;
  /** Op that is not offered, -1 = none. */
  notOffered: i32;
  /** Scheduling points of the failing schedule. */
  steps: u32;
}

export const result = changetype<Result>(memory.data(32, 8));

/** Writes the outcome. */
export function writeOutcome(): void {
  outputOpen();
  open("{");
  key("end");
  wordValue(endWord());
  key("tried");
  numberValue(result.tried);
  key("exhausted");
  numberValue(result.exhausted);
  key("bound");
  numberValue(result.bound);
  key("fuel");
  bigValue(result.fuel);
  clauses();
  key("not_offered");
  open("[");
  if (result.notOffered >= 0) numberValue(result.notOffered);
  close("]");
  vectors();
  costs();
  key("failure");
  if (result.failed) writeFailure();
  else nullValue();
  close("}");
  outputClose();
}

function endWord(): string {
  if (!result.failed) return "ok";
  if (failure.kind == FAIL_EXPECT || failure.kind == FAIL_DIED || failure.kind == FAIL_ISOLATION || failure.kind == FAIL_AUDIT) return "fail";
  if (failure.kind == FAIL_SCHEDULE) return "refused";
  return failure.kind == FAIL_STUCK ? "stuck" : "error";
}

function clauses(): void {
  key("reached");
  open("[");
  for (let i: u32 = 0; i < CLAUSES_MAX; i++) if (isReached(i)) numberValue(i);
  close("]");
  key("failed");
  open("[");
  if (result.failed && failure.clause >= 0) numberValue(failure.clause);
  close("]");
}

function vectors(): void {
  key("outcomes");
  open("[");
  for (let i: u32 = 0; i < outcomeCount(); i++) {
    open("[");
    for (let slot: u32 = 0; slot < outcomeSlots(); slot++) {
      comma();
      putByte(34);
      putI64(load<i64>(outcomeVector(i) + (slot << 3)));
      putByte(34);
    }
    close("]");
  }
  close("]");
}

function costs(): void {
  key("costs");
  open("[");
  const ops = opCount();
  for (let i: u32 = 0; i < ops; i++) costsOf(i, i, -1);
  for (let k: u32 = 0; k < SCOPES_MAX; k++) costsOf(ops + 1 + k, -1, k);
  close("]");
}

function costsOf(row: u32, op: i32, scope: i32): void {
  const at = costRow(row);
  let any: u64 = 0;
  for (let i: u32 = 0; i < COUNTERS; i++) any |= load<u64>(at + (i << 3));
  if (!any) return;
  open("{");
  key("op");
  numberValue(op);
  key("scope");
  numberValue(scope);
  key("counters");
  open("{");
  for (let i: u32 = 0; i < COUNTERS; i++) {
    if (!load<u64>(at + (i << 3))) continue;
    key(counterName(i));
    numberValue(load<u64>(at + (i << 3)));
  }
  close("}");
  close("}");
}

function writeFailure(): void {
  open("{");
  key("kind");
  wordValue(kindWord());
  key("clause");
  numberValue(failure.clause);
  key("expected");
  expectation(failure.expected, failure.clause >= 0 ? "the clause holds" : "");
  key("seen");
  expectation(failure.seen, failure.clause >= 0 ? "it does not" : "");
  key("note");
  bytesValue(noteText(), failure.noteLength);
  key("role");
  numberValue(failure.role);
  key("vcpu");
  numberValue(failure.vcpu);
  key("op");
  numberValue(failure.op);
  key("half");
  if (failure.half < 0) nullValue();
  else wordValue(roleName(failure.half));
  place();
  key("reason");
  bytesValue(reasonText(), failure.reasonLength);
  key("schedule");
  bytesValue(scheduleText(), scheduleTextLength());
  key("steps");
  numberValue(result.steps);
  stack();
  key("trace");
  traceValue();
  close("}");
}

function expectation(value: u64, words: string): void {
  if (failure.numbers) bigValue(value);
  else wordValue(words);
}

function place(): void {
  const frame = stackFrame(0);
  const named = failure.frames > 0;
  key("function");
  const name = named ? funcName(load<u32>(frame, 4), load<u32>(frame, 8)) : null;
  if (name && name.len) bytesValue(name.ptr, name.len);
  else nullValue();
  key("offset");
  if (named) numberValue(load<u32>(frame, 12));
  else nullValue();
}

function stack(): void {
  key("stack");
  open("[");
  for (let i: u32 = 0; i < failure.frames; i++) {
    const frame = stackFrame(i);
    const name = funcName(load<u32>(frame, 4), load<u32>(frame, 8));
    comma();
    putByte(34);
    put(roleName(load<u32>(frame)));
    putByte(32);
    if (name.len) putEscaped(name.ptr, name.len);
    else {
      put("function ");
      putI64(load<u32>(frame, 8));
    }
    putByte(43);
    putI64(load<u32>(frame, 12));
    putByte(34);
  }
  close("]");
}

function kindWord(): string {
  switch (failure.kind) {
    case FAIL_EXPECT:
      return "expect";
    case FAIL_STUCK:
      return "stuck";
    case FAIL_TRAP:
      return "trap";
    case FAIL_FUEL:
      return "fuel";
    case FAIL_CONTROL:
      return "control-flow";
    case FAIL_BAD_ENTRY:
      return "bad-entry";
    case FAIL_ISOLATION:
      return "isolation";
    case FAIL_DIED:
      return "died";
    case FAIL_SCHEDULE:
      return "schedule";
    default:
      return "audit";
  }
}
