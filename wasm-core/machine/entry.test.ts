// Crossing between guest mode and the host half: what may enter, what is injected how, what an exit leaves behind.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Kind, Machine, Step } from "./testing/machine.ts";

const TOKEN = 0xffff_ffff_8f00_0000n;
const HANDLER = 0xffff_ffff_8100_0040n;
const VALID = 0x8000_0000n;
const NON_CANONICAL = 1n << 60n;

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});
beforeEach(() => {
  boot(Kind.ENLIGHTENED);
});

function boot(kind: number): void {
  m.create({ kind, hostPages: 16 });
  m.set(0, 0x20, TOKEN);
  m.set(0, 0x21, m.h.directMapOf(m.h.firstFreePfn() + 20));
}

describe("entry checks", () => {
  const bad: [string, number, bigint][] = [
    ["RIP not canonical", 0x20, NON_CANONICAL],
    ["RFLAGS bit 1 clear", 0x22, 0n],
    ["RFLAGS bit 3", 0x22, 0xan],
    ["RFLAGS bit 5", 0x22, 0x22n],
    ["RFLAGS bit 15", 0x22, 0x8002n],
    ["RFLAGS bit 22", 0x22, 0x40_0002n],
    ["FS base", 0x26, NON_CANONICAL],
    ["GS base", 0x27, NON_CANONICAL],
    ["KERNEL_GS base", 0x28, NON_CANONICAL],
    ["CR0 without PG", 0x30, 0x33n],
    ["CR0 NW without CD", 0x30, 0xa005_0033n],
    ["CR3 beyond the physical width", 0x32, 1n << 41n],
    ["CR4 without PAE", 0x33, 0x80n],
    ["CR4 reserved", 0x33, 0x20n | (1n << 30n)],
    ["EFER without LMA", 0x35, 0x101n],
    ["EFER reserved", 0x35, 0x503n],
    ["DR7 high half", 0x3b, 1n << 32n],
    ["LSTAR", 0x3d, NON_CANONICAL],
    ["PAT type 2", 0x3f, 2n],
    ["GDT base", 0x40, NON_CANONICAL],
    ["IDT base", 0x42, NON_CANONICAL],
    ["LDT base", 0x46, NON_CANONICAL],
    ["TSS base", 0x47, NON_CANONICAL],
    ["an IRQ with IF clear", 0x60, VALID | 0x40n],
    ["an IRQ below 16", 0x60, VALID | 15n],
    ["an NMI of another vector", 0x60, VALID | 0x203n],
    ["an event of type 1", 0x60, VALID | 0x140n],
    ["a page fault without error code", 0x60, VALID | 0x30en],
    ["#UD with an error code", 0x60, VALID | 0xb06n],
    ["an sti shadow with IF clear", 0x62, 1n],
  ];

  it.each(bad)("refuse %s, and name the field", (_, field, value) => {
    m.h.leave(0);
    m.set(0, field, value);
    expect(m.h.enter(0)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x71)]).toEqual([11, BigInt(field)]);
  });

  it("refuse a CS whose privilege is not the CPL", () => {
    m.h.leave(0);
    m.set(0, 0x23, 3);
    expect(m.h.enter(0)).toBe(Step.EXIT);
    expect(m.get(0, 0x71)).toBe(0x24n);
    m.set(0, 0x24, 0x2b);
    expect(m.h.enter(0)).toBe(Step.EXIT);
    expect(m.get(0, 0x71)).toBe(0x25n);
    m.set(0, 0x25, 0x23);
    expect(m.h.enter(0)).toBe(Step.DONE);
  });
});

describe("what an exit leaves behind", () => {
  it("is gone when the vCPU is back in guest mode", () => {
    m.run(0, "hypercall", 1, 2, 3, 4, 5, 6, 7);
    m.h.leave(0);
    m.set(0, 0x54, 1n << 14n);
    expect(m.h.enter(0)).toBe(Step.DONE);
    m.run(0, "store64", 0x1238n, 77);
    m.h.deliverException(0, 14, true, 2, false);
    m.h.leave(0);
    expect(m.get(0, 0x73)).toBe(0x1238n);
    expect(m.h.enter(0)).toBe(Step.DONE);
    for (let id = 0x70; id < 0x78; id++) expect(m.get(0, id), id.toString(16)).toBe(0n);
    expect(m.get(0, 0x63)).toBe(0n);
    expect([m.h.faultVector(0), m.h.faultAddress(0)]).toEqual([0, 0n]);
  });
});

describe("injection", () => {
  const inject = (event: bigint) => {
    m.h.leave(0);
    m.set(0, 0x60, VALID | event);
    return m.h.enter(0);
  };

  it("goes through the guest's IDT, and is made once", () => {
    m.gate(0, 0x40, HANDLER);
    m.set(0, 0x22, 0x202n);
    expect(inject(0x40n)).toBe(Step.JUMP);
    expect([m.get(0, 0x20), m.get(0, 0x22), m.get(0, 0x60)]).toEqual([HANDLER, 2n, 0n]);
    expect(m.words(0, m.get(0, 0x21), 1)).toEqual([TOKEN]);
  });

  it("of a software interrupt that exited on its way returns behind it", () => {
    m.gate(0, 0x80, HANDLER);
    m.set(0, 0x54, 1n << 14n);
    const rsp = m.get(0, 0x21);
    m.set(0, 0x21, 0x7000_0000_0000n);
    expect(m.step(0, "int", 0x80)).toBe(Step.EXIT);
    expect([m.get(0, 0x70), m.get(0, 0x63) & 0xffn, m.get(0, 0x20)]).toEqual([14n, 0x80n, TOKEN]);
    const interrupted = m.get(0, 0x63);
    m.h.leave(0);
    m.set(0, 0x21, rsp);
    m.set(0, 0x60, interrupted);
    expect(m.h.enter(0)).toBe(Step.JUMP);
    expect(m.words(0, m.get(0, 0x21), 1)).toEqual([TOKEN + 1n]);
  });

  it("that page-faults leaves with that fault, whatever it would become, and says what it interrupted", () => {
    boot(Kind.ENLIGHTENED);
    m.gate(0, 14, HANDLER);
    m.set(0, 0x54, 1n << 14n);
    m.set(0, 0x21, 0x7000_0000_0000n);
    expect(inject(0xb0en)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x70), m.get(0, 0x63)]).toEqual([5, 14n, VALID | 0xb0en]);
  });
});

describe("iret", () => {
  it("unblocks NMIs even when it faults", () => {
    boot(Kind.NATIVE);
    m.gate(0, 2, HANDLER);
    m.h.nmi(0);
    m.h.deliverNow(0);
    m.h.nmi(0);
    expect(m.h.pending(0)).toBe(-1);
    expect(m.run(0, "iret", 0x7000_0000_0000n)).toBe(Step.FAULT);
    expect(m.h.pending(0)).toBe(2);
  });
});

describe("stacks of delivery", () => {
  it("a change of privilege takes RSP0, the same privilege stays on its stack", () => {
    boot(Kind.NATIVE);
    m.gate(0, 0x40, HANDLER);
    const rsp = m.get(0, 0x21);
    const rsp0 = m.value(0, "load64", m.get(0, 0x47) + 4n);
    m.h.irq(0, 0x40);
    m.set(0, 0x22, 0x202n);
    m.h.deliverNow(0);
    expect(m.get(0, 0x21)).toBe(rsp - 40n);
    boot(Kind.NATIVE);
    m.gate(0, 0x40, HANDLER);
    for (const [field, value] of [
      [0x22, 0x202n],
      [0x23, 3n],
      [0x24, 0x2bn],
      [0x25, 0x23n],
    ] as const)
      m.set(0, field, value);
    m.h.irq(0, 0x40);
    m.h.deliverNow(0);
    expect(m.get(0, 0x21)).toBe(rsp0 - 40n);
  });

  it("a stack that leaves the canonical range is #SS", () => {
    boot(Kind.NATIVE);
    m.gate(0, 0x40, HANDLER);
    m.gate(0, 12, HANDLER + 16n, { ist: 1 });
    m.set(0, 0x21, 0xffff_8000_0000_0010n);
    m.set(0, 0x22, 0x202n);
    m.h.irq(0, 0x40);
    expect(m.h.deliverNow(0)).toBe(Step.DONE);
    expect(m.get(0, 0x20)).toBe(HANDLER + 16n);
  });
});

describe("the second level", () => {
  const READ = 1n;
  const EXECUTE = 4n;

  /** Second-level tables in host frames: every guest frame for everything. Answers the entry of a frame. */
  function build(): (pfn: number) => number {
    const hosts = Array.from({ length: m.h.frames() }, (_, i) => i).filter((mfn) => m.h.ownerOf(mfn) === 0);
    const table = (i: number) => (hosts[i] as number) * 4096;
    for (let i = 0; i < 3; i++) m.h.setMemory(table(i), 8, BigInt(table(i + 1)) | 7n);
    for (let pfn = 0; pfn < 512; pfn++) m.h.setMemory(table(3) + pfn * 8, 8, (BigInt(m.h.frameOf(pfn)) << 12n) | 7n);
    m.set(0, 0x51, table(0));
    return (pfn) => table(3) + pfn * 8;
  }
  const restrict = (entry: number, bits: bigint) =>
    m.h.setMemory(entry, 8, (BigInt.asUintN(64, m.h.memoryAt(entry, 8)) & ~7n) | bits);
  const VA = 0x7000_0000_0000n;

  it("reads tables as tables, and asks for writing only where A or D has to be set", () => {
    const entryOf = build();
    const leaf = m.map(VA, m.frame(), 7n);
    const table = leaf >> 12;
    restrict(entryOf(table), READ);
    expect(m.translate(0, VA, 0)).toMatchObject({ ok: false, status: Step.EXIT });
    expect([m.h.exitReason(0), m.get(0, 0x74), m.get(0, 0x75), m.get(0, 0x77)]).toEqual([6, BigInt(leaf), 1n, 1n]);
    m.poke(leaf, m.peek(leaf) | 0x60n);
    expect(m.translate(0, VA, 1).ok).toBe(true);
  });

  it("sets accessed and dirty in its entries one locked step at a time", () => {
    const entryOf = build();
    const frame = m.frame();
    m.map(VA, frame, 0x67n, 0x67n);
    const marked = () => Array.from({ length: 512 }, (_, pfn) => (m.h.memoryAt(entryOf(pfn), 8) >> 8n) & 3n);
    let steps = 0;
    while (m.h.translateVa(0, VA, 1) === Step.SPLIT) {
      steps += 1;
      // Three tables of the second level, then the guest's four.
      expect(marked().filter((bits) => bits !== 0n)).toHaveLength(Math.max(0, steps - 3));
    }
    expect([steps, marked()[frame]]).toEqual([8, 3n]);
  });

  it("lets a page be fetched only if it says so, whatever the TLB has of it", () => {
    const entryOf = build();
    const frame = m.frame();
    m.map(VA, frame, 0x67n);
    restrict(entryOf(frame), 3n);
    expect(m.translate(0, VA, 0).ok).toBe(true);
    expect(m.translate(0, VA, 2)).toMatchObject({ ok: false, status: Step.EXIT });
    restrict(entryOf(frame), READ | EXECUTE);
    m.h.hostFlush(0, 0, 0n, 0n);
    expect(m.translate(0, VA, 2).ok).toBe(true);
    expect(m.translate(0, VA, 1)).toMatchObject({ ok: false, status: Step.EXIT });
    expect(m.get(0, 0x77)).toBe(0n);
  });

  it("without a root maps what the guest owns, and nothing it lost", () => {
    const frame = m.frame();
    m.map(VA, frame, 0x67n);
    expect(m.h.assign(m.h.frameOf(frame), 0)).toBe(0);
    expect(m.translate(0, VA, 0)).toMatchObject({ ok: false, status: Step.EXIT });
    expect(m.get(0, 0x74)).toBe(BigInt(frame) * 4096n);
  });
});
