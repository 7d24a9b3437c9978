import { expect, it } from "vitest";
import type { ReportTraceEntry } from "./report-failure.ts";
import { traceWords } from "./trace-words.ts";

const entry = (layer: ReportTraceEntry["layer"], what: string, a = 0, b = 0) =>
  traceWords({ layer, what, a: `0x${a.toString(16)}`, b: `0x${b.toString(16)}` });

it.each([
  [entry("host", "get = 0x5", 1, 0x70), "vCPU 1, EXIT_INSN"],
  [entry("host", "set = 0x0", 2, 0x53), "vCPU 2, CTL_EXIT"],
  [entry("host", "host.exit", 2, 9), "vCPU 2, KICK"],
  [entry("host", "host.sched", 3, 0), "vCPU 3 leaves its CPU"],
  [entry("machine", "exit insn", 5, 1), "HLT"],
  [entry("machine", "exit io", 0, 0x443), "port 0x443"],
  [entry("machine", "exit msr", 0, 0x830), "MSR X2APIC_ICR"],
  [entry("machine", "exit msr", 0, 0x4b564d02), "MSR 0x4b564d02"],
  [entry("machine", "switched to", 2), "vCPU 2"],
  [entry("machine", "event 14", 0x1000, 0x2000), "at 0x1000, CR2 0x2000"],
  [entry("guest", "hypercall = 0x0", 11, 3), "number 0xb, first argument 0x3"],
  [entry("guest", "wrmsr", 0x80b, 0), "MSR X2APIC_EOI ← 0x0"],
  [entry("guest", "rmw = 0x1", 0x133, 0x5000), "[0x5000] OR, 64-bit, locked"],
  [entry("guest", "load32 = 0x7", 0x5000), "[0x5000]"],
  [entry("native", "store64", 0x5000, 1), "[0x5000] ← 0x1"],
  [entry("kernel", "param", 5), "FREE_PFN"],
  [entry("kernel", "state", 1, 0x4406), "vCPU 1, IRR of vector 0x44"],
  [entry("kernel", "expect mmu.set_pte.2", 7), ""],
  [entry("kernel", "expect_eq mmu.set_pte.2", 7, 5), "got 0x5"],
  [entry("kernel", "revoked init.revoke_all.1", 7, 0x31000), "from guest-physical 0x31000 on"],
  [entry("kernel", "note: the page is mapped"), ""],
  [entry("guest", "hlt sleeps"), ""],
  [entry("guest", "something new", 1, 2), "0x1 0x2"],
  [entry("guest", "something new", 1), "0x1"],
])("an entry says %s", (said, expected) => {
  expect(said).toBe(expected);
});
