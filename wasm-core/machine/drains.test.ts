// What makes the own store buffer visible and what does not: a table from docs/abi.md, for every instruction.
import { beforeAll, describe, expect, it } from "vitest";
import { DIRECT_MAP, Kind, Machine, opNames, Step } from "./testing/machine.ts";

const TOKEN = 0xffff_ffff_8f00_0000n;
type Args = (bigint | number)[];

let m: Machine;
let page: bigint;
beforeAll(async () => {
  m = await Machine.load();
});

/** A machine with one waiting store, to a page of its own; `page` is another one that is mapped. */
function boot(kind: number): void {
  m.create({ kind, hostPages: 16 });
  m.set(0, 0x20, TOKEN);
  m.set(0, 0x21, m.h.directMapOf(m.h.firstFreePfn() + 20));
  page = DIRECT_MAP + BigInt(m.frame()) * 4096n;
  if (kind < Kind.SHADOW) m.value(0, "load64", page);
  m.h.bufferStore(0, 0x9000, 8, 5n);
}

/** An iret frame and a descriptor table lie in the page. */
function frame(): bigint {
  [TOKEN, 8n, 2n, 0n, 0x10n].forEach((word, i) => {
    m.poke(Number(page - DIRECT_MAP) + i * 8, word);
  });
  return page;
}

const drains: [string, () => Args][] = [
  ["mfence", () => []],
  ["write_cr", () => [3, m.get(0, 0x32)]],
  ["write_cr", () => [2, 5]],
  ["invlpg", () => [page]],
  ["invpcid", () => [2, 0, 0]],
  ["wrmsr", () => [0xc000_0100, 5]],
  ["wrmsr", () => [0x808, 0x20]],
  ["wrmsr", () => [0x80b, 0]],
  ["cpuid", () => [0, 0]],
  ["iret", () => [frame()]],
  ["lgdt", () => [m.get(0, 0x40), 63]],
  ["lidt", () => [m.get(0, 0x42), 4095]],
  ["lldt", () => [0]],
  ["in", () => [0x60, 1]],
  ["out", () => [0x60, 1, 5]],
  ["rmw", () => [0x100 | 0x31, page, 1]],
  ["rmw", () => [0x30, page, 1]],
  ["cmpxchg", () => [0x130, page, 77, 1]],
];

const keeps: [string, () => Args][] = [
  ["load64", () => [page]],
  ["store64", () => [page, 1]],
  ["rmw", () => [0x31, page, 1]],
  ["cmpxchg", () => [0x30, page, 77, 1]],
  ["fill", () => [page, 0, 2]],
  ["sfence", () => []],
  ["lfence", () => []],
  ["pause", () => []],
  ["cli", () => []],
  ["sti", () => []],
  ["pushf", () => []],
  ["popf", () => [2]],
  ["read_cr", () => [0]],
  ["read_dr", () => [0]],
  ["rdmsr", () => [0x10]],
  ["rdtsc", () => []],
  ["rdtscp", () => []],
  ["str", () => []],
  ["swapgs", () => []],
  ["wrmsr", () => [0x830, 0x4_0040n]],
  ["wrmsr", () => [0x6e0, 5]],
  ["syscall", () => [7]],
  ["hlt", () => []],
];

const waits = () => m.h.bufferCount(0) > 0 && m.h.memoryAt(0x9000, 8) !== 5n;

describe("the store buffer", () => {
  it.each(drains)("%s drains", (name, args) => {
    boot(Kind.NATIVE);
    const list = args();
    expect(waits()).toBe(true);
    expect(m.run(0, name, ...list)).toBe(Step.DONE);
    expect(waits()).toBe(false);
    expect(m.h.bufferCount(0)).toBe(0);
  });

  it.each(keeps)("%s does not", (name, args) => {
    boot(Kind.NATIVE);
    const status = m.run(0, name, ...args());
    expect([Step.DONE, Step.JUMP, Step.SLEEP]).toContain(status);
    expect(waits()).toBe(true);
  });

  it("an instruction that faults has no effect, drains included", () => {
    boot(Kind.NATIVE);
    for (const [name, ...args] of [
      ["write_cr", 3, 1n << 41n],
      ["wrmsr", 0x4b56_4d00, 1],
      ["lgdt", 1n << 60n, 1],
    ] as [string, ...Args][]) {
      expect(m.run(0, name, ...args), name).toBe(Step.FAULT);
      expect(waits(), name).toBe(true);
    }
  });

  it("delivery of an interrupt does not", () => {
    boot(Kind.NATIVE);
    m.gate(0, 0x40, 0xffff_ffff_8100_0040n);
    m.set(0, 0x22, 0x202n);
    m.h.irq(0, 0x40);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    expect(waits()).toBe(true);
  });

  it.each([
    ["enlightened", Kind.ENLIGHTENED, false],
    ["shadow", Kind.SHADOW, false],
    ["full virtualisation", Kind.FULLVIRT, false],
    ["direct", Kind.DIRECT, true],
  ])("leaving guest mode by a hypercall, %s", (_, kind, kept) => {
    boot(kind);
    expect(m.run(0, "hypercall", 1, 0, 0, 0, 0, 0, 0)).toBe(Step.EXIT);
    m.h.leave(0);
    expect(waits()).toBe(kept);
    m.h.bufferStore(0, 0x9008, 8, 6n);
    m.set(0, 0x20, TOKEN + 1n);
    m.h.enter(0);
    expect(m.h.bufferCount(0) > 0).toBe(kept);
  });

  it("has every instruction that can execute natively in one of the tables", () => {
    const named = new Set([...drains, ...keeps].map(([name]) => name));
    const others = [
      "ltr",
      "write_dr",
      "wbinvd",
      "rdpmc",
      "clts",
      "int",
      "ud",
      "hypercall",
      "vmcall",
      "vmmcall",
      "exec",
    ];
    const accesses = ["load8", "load16", "load32", "store8", "store16", "store32", "copy_in", "copy_out"];
    const registers = ["reg", "set_reg", "ctx_reg", "ctx_set_reg", "code_addr", "call_code", "vcpu", "nop"];
    expect(opNames.filter((name) => ![...named, ...others, ...accesses, ...registers].includes(name))).toEqual([]);
  });
});
