// The trace as JSON: [{"v","layer","op","what","a","b"}…], oldest first; cut to what the output buffer takes, with a mark.
import { machineOps } from "../machine/ops-table";
import { roleName } from "./errors";
import { hostOps, importNameStart, importShape, TestOp, testOps } from "./imports";
import { close, key, numberValue, open, put, putByte, putEscaped, putHex, putU64, comma, textRoom, wordValue } from "./text";
import { counterName } from "./costs";
import { CHOICE_KICK } from "./schedule";
import {
  LAYER_MACHINE,
  TRACE_ARRIVAL,
  TRACE_CALL,
  TRACE_DRAIN,
  TRACE_ENTER,
  TRACE_EVENT,
  TRACE_EVICT,
  TRACE_HOIST,
  TRACE_EXIT,
  TRACE_HOLD,
  TRACE_HOST,
  TRACE_INSTRUCTION,
  TRACE_KEEP,
  TRACE_MIGRATION,
  TRACE_LAND,
  TRACE_LEAVE,
  TRACE_STEAL,
  TRACE_SWITCH,
  TRACE_TEST,
  traceCount,
  traceDropped,
  traceEntry,
  traceNoteText,
} from "./trace";

/** Bytes that one entry may take, and what must stay free behind the trace. */
const ENTRY_ROOM: u32 = 1700;

/** Writes the array. */
export function traceValue(): void {
  open("[");
  if (traceDropped()) {
    open("{");
    key("v");
    numberValue(0);
    key("layer");
    wordValue("machine");
    key("op");
    numberValue(-1);
    key("what");
    wordValue("earlier entries dropped");
    hexKey("a", traceDropped());
    hexKey("b", 0);
    close("}");
  }
  for (let i: u32 = 0; i < traceCount() && textRoom() > ENTRY_ROOM; i++) writeEntry(traceEntry(i));
  close("]");
}

function hexKey(name: string, value: u64): void {
  key(name);
  comma();
  putByte(34);
  putHex(value);
  putByte(34);
}

function writeEntry(at: usize): void {
  open("{");
  key("v");
  numberValue(load<u8>(at));
  key("layer");
  const layer = load<u8>(at, 1);
  wordValue(layer == LAYER_MACHINE ? "machine" : roleName(layer));
  key("op");
  numberValue(load<i32>(at, 4));
  key("what");
  comma();
  putByte(34);
  putWhat(at);
  putByte(34);
  const operands = operandsOf(at);
  hexKey("a", operands > 0 ? load<u64>(at, 16) : 0);
  hexKey("b", operands > 1 ? load<u64>(at, 24) : 0);
  close("}");
}

/** Operands that the entry has; what lies behind them is not the program's. */
function operandsOf(at: usize): u32 {
  const code = load<u32>(at, 8);
  switch (<u32>load<u8>(at, 2)) {
    case TRACE_INSTRUCTION:
      return importShape(machineOps, code) & 255;
    case TRACE_HOST:
      return importShape(hostOps, code) & 255;
    case TRACE_TEST:
      return isNote(at) ? 0 : importShape(testOps, code) & 255;
    default:
      return 2;
  }
}

/** A test.note whose words are kept. */
function isNote(at: usize): bool {
  return load<u8>(at, 2) == TRACE_TEST && load<u32>(at, 8) == <u32>TestOp.note && traceNoteText(at) != 0;
}

function putWhat(at: usize): void {
  const code = load<u32>(at, 8);
  switch (<u32>load<u8>(at, 2)) {
    case TRACE_INSTRUCTION:
      putName(machineOps, code);
      return putStatus(load<i32>(at, 12), load<u64>(at, 32), importShape(machineOps, code) >= 256);
    case TRACE_HOST:
      putName(hostOps, code);
      if (importShape(hostOps, code) >= 256) putResult(load<u64>(at, 32));
      return;
    case TRACE_TEST:
      putName(testOps, code);
      if (!isNote(at)) return;
      put(": ");
      return putEscaped(traceNoteText(at), load<u32>(at, 12));
    case TRACE_ENTER:
      return put("op called");
    case TRACE_LEAVE:
      return put("op returned");
    case TRACE_EXIT:
      put("exit ");
      return put(counterName(code));
    case TRACE_CALL:
      return put(code == 0 ? "host.boot" : code == 1 ? "host.exit" : code == 2 ? "host.enter" : code == 3 ? "host.sched" : "host.timer");
    case TRACE_EVENT:
      put("event ");
      return putU64(code);
    case TRACE_SWITCH:
      return put("switched to");
    case TRACE_DRAIN:
      return put("store drained");
    case TRACE_EVICT:
      return put("TLB entry evicted");
    case TRACE_STEAL:
      return put("stolen");
    case TRACE_ARRIVAL:
      return put("arrival");
    case TRACE_HOLD:
      return put(code == CHOICE_KICK ? "kick held back" : "interrupt held back");
    case TRACE_LAND:
      return put(code == CHOICE_KICK ? "kick lands" : "interrupt lands");
    case TRACE_KEEP:
      return put("kept off its CPU");
    case TRACE_HOIST:
      return put("RDTSC executes early");
    case TRACE_MIGRATION:
      return put("on another machine");
    default:
      return put("time advanced");
  }
}

function putStatus(status: i32, result: u64, hasResult: bool): void {
  if (status == 0) {
    if (hasResult) putResult(result);
  } else if (status == 1) put(" faults");
  else if (status == 2) put(" exits");
  else if (status == 3) put(" sleeps");
  else if (status == 4) put(" ends the machine");
  else if (status == 7) put(" jumps");
  else put(" goes on");
}

function putResult(value: u64): void {
  put(" = ");
  putHex(value);
}

function putName(table: string, id: u32): void {
  const at = changetype<usize>(table);
  for (let i = importNameStart(table, id); load<u16>(at + (<usize>i << 1)) != 58; i++) putByte(load<u16>(at + (<usize>i << 1)));
}
