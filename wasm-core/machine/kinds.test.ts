// Which instruction executes, faults or leaves guest mode, per machine kind and control: a table written from docs/abi.md and the
// architecture manual, not from the machine's own (controls.ts).
import { beforeAll, describe, expect, it } from "vitest";
import { Kind, Machine, Step } from "./testing/machine.ts";

const TOKEN = 0xffff_ffff_8f00_0000n;
const Reason = { HYPERCALL: 1, INSN: 2, MSR: 3, IO: 4, EXC: 5 };
const Ctl = { IFX: 1, HLTX: 2, TSCX: 4, DRX: 8, PAUSEX: 256, FAULTING: 512 };
const UD = 6;
const GP = 13;

/** What becomes of an instruction: "executes", "exit" with its reason, or a fault's vector (which then exits or is delivered). */
type Fate = "executes" | "exit" | "gp" | "ud";
interface Row {
  name: string;
  args: (bigint | number)[];
  /** EXIT_INSN of an INSN exit; the reason of others. */
  code?: number;
  reason?: number;
  /** Native, enlightened, shadow, full virtualisation, direct. */
  fates: [Fate, Fate, Fate, Fate, Fate];
  /** Control bit that turns "executes" of E, S, F and D into an exit; "gp" if D faults instead. */
  control?: { bit: number; kinds: string; becomes?: Fate };
}

const column = { N: 0, E: 1, S: 2, F: 3, D: 4 } as const;
const kindOf = { N: Kind.NATIVE, E: Kind.ENLIGHTENED, S: Kind.SHADOW, F: Kind.FULLVIRT, D: Kind.DIRECT } as const;
const letters = ["N", "E", "S", "F", "D"] as const;

const X: Fate = "executes";
const all = (n: Fate, e: Fate, s: Fate, f: Fate, d: Fate): Row["fates"] => [n, e, s, f, d];
const privileged = all(X, X, "exit", "exit", "gp");

const rows: Row[] = [
  { name: "cli", args: [], code: 1, fates: privileged },
  { name: "sti", args: [], code: 2, fates: privileged },
  { name: "pushf", args: [], code: 3, fates: all(X, X, "exit", "exit", X) },
  { name: "popf", args: [2], code: 4, fates: all(X, X, "exit", "exit", X) },
  { name: "hlt", args: [], code: 5, fates: privileged, control: { bit: Ctl.HLTX, kinds: "E" } },
  { name: "read_cr", args: [0], code: 6, fates: privileged },
  { name: "write_cr", args: [2, 5], code: 7, fates: privileged },
  { name: "read_dr", args: [0], code: 8, fates: privileged, control: { bit: Ctl.DRX, kinds: "E" } },
  { name: "write_dr", args: [0, 5], code: 9, fates: privileged, control: { bit: Ctl.DRX, kinds: "E" } },
  { name: "invlpg", args: [0x5000], code: 10, fates: privileged },
  { name: "invpcid", args: [2, 0, 0], code: 11, fates: privileged },
  { name: "lgdt", args: [0x5000, 63], code: 12, fates: privileged },
  { name: "lidt", args: [0x5000, 63], code: 13, fates: privileged },
  { name: "lldt", args: [0], code: 14, fates: privileged },
  { name: "swapgs", args: [], code: 21, fates: privileged },
  { name: "wbinvd", args: [], code: 19, fates: privileged },
  { name: "clts", args: [], code: 23, fates: privileged },
  { name: "str", args: [], code: 25, fates: all(X, X, "exit", "exit", X) },
  {
    name: "cpuid",
    args: [1, 0],
    code: 16,
    fates: all(X, "exit", "exit", "exit", X),
    control: { bit: Ctl.FAULTING, kinds: "D", becomes: "gp" },
  },
  { name: "rdtsc", args: [], code: 17, fates: all(X, X, X, X, X), control: { bit: Ctl.TSCX, kinds: "ESF" } },
  { name: "rdtscp", args: [], code: 24, fates: all(X, X, X, X, X), control: { bit: Ctl.TSCX, kinds: "ESF" } },
  { name: "pause", args: [], code: 20, fates: all(X, X, X, X, X), control: { bit: Ctl.PAUSEX, kinds: "ESF" } },
  { name: "rdmsr", args: [0x10], reason: Reason.MSR, fates: all(X, "exit", "exit", "exit", "gp") },
  { name: "wrmsr", args: [0x10, 5], reason: Reason.MSR, fates: all(X, "exit", "exit", "exit", "gp") },
  { name: "in", args: [0x60, 1], reason: Reason.IO, fates: all(X, "exit", "exit", "exit", "exit") },
  { name: "out", args: [0x60, 1, 5], reason: Reason.IO, fates: all(X, "exit", "exit", "exit", "exit") },
  { name: "ud", args: [], fates: all("ud", "ud", "ud", "ud", "ud") },
  {
    name: "hypercall",
    args: [1, 2, 3, 4, 5, 6, 7],
    reason: Reason.HYPERCALL,
    fates: all("ud", "exit", "exit", "exit", "exit"),
  },
  { name: "vmcall", args: [], reason: Reason.HYPERCALL, fates: all("ud", "exit", "exit", "exit", "ud") },
  { name: "vmmcall", args: [], reason: Reason.HYPERCALL, fates: all("ud", "exit", "exit", "exit", "ud") },
  { name: "iret", args: [0x5000], code: 18, fates: all("gp", "gp", "exit", "exit", "exit") },
  { name: "rdpmc", args: [0], code: 22, fates: all("gp", "gp", "exit", "exit", "gp") },
];

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});

function boot(letter: (typeof letters)[number], control = 0): void {
  m.create({ kind: kindOf[letter], hostPages: 16 });
  m.set(0, 0x20, TOKEN);
  m.set(0, 0x21, m.h.directMapOf(m.h.firstFreePfn() + 20));
  if (control) m.set(0, 0x53, BigInt(control) | m.get(0, 0x53));
  // An iret without a frame: where it executes, its own fault is the proof.
  if (letter === "N" || letter === "E") m.set(0, 0x22, 0x4002n);
}

/** Executes the row's instruction once and names what became of it. */
function fateOf(row: Row): { fate: Fate; vector?: number } {
  if (row.name === "iret" || row.name === "rdpmc") return outcome(m.run(0, row.name, ...row.args));
  m.set(0, 0x22, 2n);
  return outcome(m.run(0, row.name, ...row.args));
}

function outcome(status: number): { fate: Fate; vector?: number } {
  if (status === Step.DONE || status === Step.SLEEP) return { fate: "executes" };
  if (status === Step.EXIT) return { fate: "exit" };
  if (status !== Step.FAULT) throw new Error(`answered ${status}`);
  const vector = m.h.faultVector(0);
  return { fate: vector === GP ? "gp" : vector === UD ? "ud" : X, vector };
}

function expectExit(row: Row, label: string): void {
  const reason = m.h.exitReason(0);
  expect(reason, label).toBe(row.reason ?? Reason.INSN);
  if (reason === Reason.INSN) expect(m.get(0, 0x70), label).toBe(BigInt(row.code as number));
  if (reason === Reason.INSN && row.args.length > 0) expect(m.get(0, 0x71), label).toBe(BigInt(row.args[0] as number));
  if (reason === Reason.INSN && row.args.length > 1) expect(m.get(0, 0x72), label).toBe(BigInt(row.args[1] as number));
  if (reason === Reason.MSR || reason === Reason.IO) expect(m.get(0, 0x71), label).toBe(BigInt(row.args[0] as number));
  if (row.name === "wrmsr" || row.name === "out") {
    expect(m.get(0, 0x72), label).toBe(5n);
    expect(m.get(0, 0x77) & 1n, label).toBe(1n);
  }
  if (row.name === "in") expect(m.get(0, 0x77), label).toBe(1n << 1n);
  expect([m.get(0, 0x20), m.get(0, 0x76)], label).toEqual([TOKEN, 1n]);
}

describe.each(letters)("machine kind %s", (letter) => {
  it("executes, faults and leaves guest mode as its column says", () => {
    for (const row of rows) {
      boot(letter);
      const wanted = row.fates[column[letter]] as Fate;
      const label = `${row.name} in ${letter}`;
      expect(fateOf(row).fate, label).toBe(wanted);
      if (wanted === "exit") expectExit(row, label);
    }
  });

  it("obeys each control alone", () => {
    for (const bit of [Ctl.HLTX, Ctl.TSCX, Ctl.DRX, Ctl.PAUSEX, Ctl.FAULTING]) {
      for (const row of rows) {
        boot(letter, letter === "N" ? 0 : bit);
        const concerned = row.control?.bit === bit && row.control.kinds.includes(letter);
        const wanted = concerned ? (row.control?.becomes ?? "exit") : (row.fates[column[letter]] as Fate);
        const label = `${row.name} in ${letter}, control ${bit}`;
        expect(fateOf(row).fate, label).toBe(wanted);
        if (wanted === "exit") expectExit(row, label);
      }
    }
  });

  it("names hypercalls by the instruction that made them, arguments in registers", () => {
    boot(letter);
    const status = m.run(0, "hypercall", 11, 12, 13, 14, 15, 16, 17);
    if (letter === "N") return expect(status).toBe(Step.FAULT);
    expect(m.get(0, 0x70)).toBe(letter === "D" ? 2n : 0n);
    expect([0, 7, 6, 2, 10, 8, 9].map((r) => m.h.register(0, r))).toEqual([11n, 12n, 13n, 14n, 15n, 16n, 17n]);
    boot(letter);
    expect(m.run(0, "vmmcall")).toBe(letter === "D" ? Step.FAULT : Step.EXIT);
    if (letter !== "D") expect(m.get(0, 0x70)).toBe(1n);
  });

  it("syscall enters LSTAR in N and E, and is a hypercall in S, F and D", () => {
    boot(letter);
    m.set(0, 0x3d, 0xffff_ffff_8100_0080n);
    const status = m.step(0, "syscall", 9);
    if (letter === "N" || letter === "E") {
      expect([status, m.get(0, 0x20), m.get(0, 1)]).toEqual([Step.JUMP, 0xffff_ffff_8100_0080n, TOKEN + 1n]);
    } else {
      expect([status, m.h.exitReason(0), m.get(0, 0x70), m.h.register(0, 0)]).toEqual([Step.EXIT, 1, 2n, 9n]);
    }
  });

  it("exceptions exit in S, F and D, whatever the host half would like, and are delivered in N and E", () => {
    boot(letter);
    for (const vector of [1, 3, 6, 13, 14]) m.gate(0, vector, 0xffff_ffff_8100_0040n);
    const exits = letter === "S" || letter === "F" || letter === "D";
    expect(m.set(0, 0x54, 0)).toBe(exits ? -4 : 0);
    expect(m.run(0, "load64", 0x5000)).toBe(Step.FAULT);
    const status = m.h.deliverException(0, 14, true, m.h.faultErrorCode(0), false);
    if (!exits) {
      // D has no tables before its host half makes them; N and E have the boot's.
      expect([status, m.get(0, 0x31)]).toEqual([Step.DONE, 0x5000n]);
      return;
    }
    expect([status, m.h.exitReason(0), m.get(0, 0x70), m.get(0, 0x73)]).toEqual([Step.EXIT, 5, 14n, 0x5000n]);
  });

  it("delivers interrupts itself in N and E only; an IRR bit is kept everywhere", () => {
    boot(letter);
    m.set(0, 0x22, 0x202n);
    m.h.irq(0, 0x40);
    expect(m.h.pending(0)).toBe(letter === "N" || letter === "E" ? 0x40 : -1);
    expect(m.get(0, 0x84)).toBe(1n);
  });

  it("walks from the host half's root in S, F and D", () => {
    boot(letter);
    const va = 0x7000_0000_0000n;
    if (letter !== "D") {
      m.map(va, m.frame(), 7n);
      const found = m.translate(0, va, 0);
      expect(found.ok, letter).toBe(letter === "N" || letter === "E");
    }
    expect(m.set(0, 0x53, 0)).toBe(letter === "S" || letter === "F" ? -4 : 0);
  });
});

describe("the kernel of D, at CPL 3", () => {
  it("may not touch supervisor pages, and shows CPL 3 in the error code", () => {
    boot("D");
    expect(m.get(0, 0x23)).toBe(3n);
    expect(m.run(0, "load64", 0x5000)).toBe(Step.FAULT);
    expect(m.h.faultErrorCode(0)).toBe(4);
  });

  it("TSD makes rdtsc #GP", () => {
    boot("D");
    m.set(0, 0x33, m.get(0, 0x33) | 4n);
    expect(outcome(m.run(0, "rdtsc")).fate).toBe("gp");
  });
});

describe("decode assist of an exception exit", () => {
  const assist = () => [0x71, 0x72, 0x73, 0x74].map((id) => m.get(0, id));
  const faulting = (name: string, ...args: (bigint | number)[]) => {
    boot("F");
    expect(m.run(0, name, ...args)).toBe(Step.FAULT);
    m.h.deliverException(0, 14, true, m.h.faultErrorCode(0), false);
    return assist();
  };
  const id = (name: string) => BigInt(m.id(name));

  it("has operation, address and operands of a memory access", () => {
    expect(faulting("load32", 0x5004)).toEqual([id("load32"), 0n, 0x5004n, 0n]);
    expect(faulting("store64", 0x5008, 77)).toEqual([id("store64"), 77n, 0x5008n, 0n]);
    expect(faulting("rmw", 0x131, 0x5010, 3)).toEqual([id("rmw") | (0x131n << 8n), 3n, 0x5010n, 0n]);
    expect(faulting("cmpxchg", 0x130, 0x5018, 4, 5)).toEqual([id("cmpxchg") | (0x130n << 8n), 5n, 0x5018n, 4n]);
  });

  it("has the operands of a privileged instruction of D", () => {
    boot("D");
    expect(m.run(0, "write_cr", 3, 0x9000)).toBe(Step.FAULT);
    m.h.deliverException(0, 13, true, 0, false);
    expect(assist()).toEqual([id("write_cr"), 3n, 0n, 0x9000n]);
  });
});
