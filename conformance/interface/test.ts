/** The `test.*` imports of a conformance kernel (ABI version 1). */
import { fn, type ImportedFunction } from "./schema.ts";

export const testImports: readonly ImportedFunction[] = [
  fn(
    "expect",
    "(clause i32, ok i32)",
    "Clause k of the case section holds iff ok; a failure is recorded and ends this schedule.",
  ),
  fn("expect_eq", "(clause i32, got i64, want i64)", "As expect, with both numbers in the report."),
  fn("fail", "(clause i32, code i32)", "Clause k does not hold."),
  fn("note", "(ptr i32, len i32)", "Words for the next expectation, at most 200 bytes of UTF-8."),
  fn(
    "not_offered",
    "(op i32)",
    "The case does not apply because op is not offered; legal only when probe and manifest agree.",
  ),
  fn(
    "may_end",
    "(mask i32)",
    "From here the end is good: bit 0 shutdown for any reason, bit 1 crash, bit 2 triple fault, bit 3 shutdown by power-off, bit 4 by reset.",
  ),
  fn("barrier", "(id i32)", "Waits for all roles; a full fence, free of cost."),
  fn("quiet", "(on i32)", "Brackets set-up that needs no search."),
  fn(
    "outcome",
    "(slot i32, v i64)",
    "Sets a slot of the outcome vector; sets of vectors are compared over all schedules.",
  ),
  fn("choose", "(n i32) -> i32", "Explored branch 0 … n−1."),
  fn(
    "plan",
    "(kind i32, vcpu i32, at i64, arg i64)",
    "At real time `at` ns: kind 0 interrupt of vector arg, 1 NMI, 2 steal for arg ns; 3 migration of the machine: all vCPUs are descheduled, their TSCs get another rate and arg more, not on bare metal; 4 the machine's UTC is set arg s forward.",
  ),
  fn("advance", "(ns i64)", "Moves real time."),
  fn("cost_begin", "(scope i32)", "Opens cost scope 0 … 63 on this vCPU; bit 8: on all vCPUs."),
  fn("cost_end", "(scope i32)", "Closes it."),
  fn("peek", "(gpa i64) -> i64", "Memory as it finally is, past store buffers; no effect."),
  fn("tlb", "(vcpu i32, va i64) -> i64", "Frame address and flags of the cached translation, or −1; no effect."),
  fn("state", "(vcpu i32, what i32) -> i64", "State of a vCPU past all caches (STATE_*); no effect."),
  fn("param", "(k i32) -> i64", "Parameter of the unit (TEST_PARAM_*)."),
  fn(
    "revoked",
    "(clause i32, gpa i64, pages i32)",
    "The guest has taken these pages back: if the host half writes to them from now on, even what they hold, clause k fails at the end of the schedule. 0 pages: those from gpa on may be written again.",
  ),
];
