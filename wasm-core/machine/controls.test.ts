import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Kind, Machine, Step } from "./testing/machine.ts";

const TOKEN = 0xffff_ffff_8f00_0000n;
const [HYPERCALL, INSN, MSR, IO] = [1, 2, 3, 4];

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});

const exit = (v = 0) => [m.h.exitReason(v), ...[0x70, 0x71, 0x72].map((id) => Number(m.get(v, id)))];

describe("enlightened", () => {
  beforeEach(() => {
    m.create({ kind: Kind.ENLIGHTENED, hostPages: 16 });
    m.set(0, 0x20, TOKEN);
  });

  it("executes privileged instructions", () => {
    for (const [name, ...args] of [
      ["cli"],
      ["sti"],
      ["invlpg", 0],
      ["lidt", m.get(0, 0x42), 4095],
      ["wbinvd"],
      ["swapgs"],
    ] as [string, ...bigint[]][]) {
      expect(m.run(0, name, ...args), name).toBe(Step.DONE);
    }
    expect(m.value(0, "read_cr", 3)).toBe(m.get(0, 0x32));
  });

  it("exits for CPUID, VMCALL, VMMCALL and hypercall, with RIP still at the instruction", () => {
    expect(m.run(0, "cpuid", 0x4000_0000, 7)).toBe(Step.EXIT);
    expect(exit()).toEqual([INSN, 16, 0x4000_0000, 7]);
    expect(m.run(0, "vmcall")).toBe(Step.EXIT);
    expect(exit().slice(0, 2)).toEqual([HYPERCALL, 0]);
    m.h.complete(0);
    expect(m.run(0, "vmmcall")).toBe(Step.EXIT);
    expect(exit().slice(0, 2)).toEqual([HYPERCALL, 1]);
    m.h.complete(0);
    expect(m.run(0, "hypercall", 10, 1, 2, 3, 4, 5, 6)).toBe(Step.EXIT);
    expect([0, 7, 6, 2, 10, 8, 9].map((r) => m.get(0, r))).toEqual([10n, 1n, 2n, 3n, 4n, 5n, 6n]);
    expect([m.get(0, 0x20), m.get(0, 0x76)]).toEqual([TOKEN, 1n]);
  });

  it("a repeated hypercall sees the host's changes, the next one its own arguments", () => {
    m.run(0, "hypercall", 10, 1, 2, 3, 4, 5, 6);
    m.set(0, 7, 99);
    m.run(0, "hypercall", 10, 1, 2, 3, 4, 5, 6);
    expect(m.get(0, 7)).toBe(99n);
    m.h.complete(0);
    m.run(0, "hypercall", 10, 1, 2, 3, 4, 5, 6);
    expect(m.get(0, 7)).toBe(1n);
  });

  it("hlt exits if HLTX, rdtsc if TSCX, pause if PAUSEX, DR accesses if DRX", () => {
    const cases: [string, number, number, (bigint | number)[]][] = [
      ["hlt", 2, 5, []],
      ["rdtsc", 4, 17, []],
      ["rdtscp", 4, 24, []],
      ["pause", 256, 20, []],
      ["read_dr", 8, 8, [7]],
      ["write_dr", 8, 9, [7, 0x400]],
    ];
    for (const [name, control, code, args] of cases) {
      m.set(0, 0x53, control);
      expect(m.run(0, name, ...args), name).toBe(Step.EXIT);
      expect(exit().slice(0, 2)).toEqual([INSN, code]);
      m.set(0, 0x53, 0);
      expect(m.run(0, name, ...args), name).not.toBe(Step.EXIT);
    }
  });

  it("MSRs exit without a map but for the virtual APIC, and by the map otherwise", () => {
    expect(m.run(0, "rdmsr", 0x4b56_4d00)).toBe(Step.EXIT);
    expect(exit()).toEqual([MSR, 0, 0x4b56_4d00, 0]);
    expect(m.run(0, "wrmsr", 0x6e0, 77)).toBe(Step.EXIT);
    expect([...exit(), Number(m.get(0, 0x77))]).toEqual([MSR, 0, 0x6e0, 77, 1]);
    expect(m.value(0, "rdmsr", 0x802)).toBe(0n);
    const map = (m.h.frames() - 10) * 4096;
    m.set(0, 0x55, map);
    expect(m.run(0, "rdmsr", 0xc000_0100)).toBe(Step.DONE);
    const bit = (0x100 + 0x2000) * 2 + 1;
    m.h.setMemory(map + (bit >> 3), 1, BigInt(1 << (bit & 7)));
    expect(m.run(0, "rdmsr", 0xc000_0100)).toBe(Step.DONE);
    expect(m.run(0, "wrmsr", 0xc000_0100, 0)).toBe(Step.EXIT);
    expect(m.run(0, "rdmsr", 0x4b56_4d00)).toBe(Step.EXIT);
  });

  it("ports exit without a map, and by the map otherwise", () => {
    expect(m.run(0, "out", 0x604, 2, 0x2000)).toBe(Step.EXIT);
    expect([...exit(), Number(m.get(0, 0x77))]).toEqual([IO, 0, 0x604, 0x2000, 1 | (2 << 1)]);
    expect(m.run(0, "in", 0x60, 1)).toBe(Step.EXIT);
    const map = (m.h.frames() - 10) * 4096;
    m.set(0, 0x56, map);
    expect(m.value(0, "in", 0x60, 2)).toBe(0xffffn);
    m.h.setMemory(map + (0x61 >> 3), 1, 2n);
    expect(m.run(0, "in", 0x60, 2)).toBe(Step.EXIT);
    expect(m.run(0, "in", 0x60, 1)).toBe(Step.DONE);
  });

  it("owned bits of CR0 and CR4 read from the shadow, exit when changed", () => {
    m.set(0, 0x57, 8);
    m.set(0, 0x58, 8);
    const cr0 = m.get(0, 0x30);
    expect(m.value(0, "read_cr", 0)).toBe(cr0 | 8n);
    expect(m.run(0, "write_cr", 0, cr0 | 8n)).toBe(Step.DONE);
    expect(m.get(0, 0x30)).toBe(cr0);
    expect(m.run(0, "write_cr", 0, cr0)).toBe(Step.EXIT);
    expect(exit()).toEqual([INSN, 7, 0, Number(cr0)]);
    expect(m.run(0, "clts")).toBe(Step.EXIT);
    expect(exit().slice(0, 2)).toEqual([INSN, 23]);
  });

  it("EOI and ICR writes exit when the host asks", () => {
    m.set(0, 0x53, 16 | 32);
    m.set(0, 0x88, 1);
    expect(m.run(0, "wrmsr", 0x80b, 0)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x71)]).toEqual([12, 64n]);
    expect(m.run(0, "wrmsr", 0x830, (1n << 32n) | 0x40n)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x71)]).toEqual([13, (1n << 32n) | 0x40n]);
    expect(m.h.pending(1)).toBe(-1);
  });
});

describe("native", () => {
  beforeEach(() => {
    m.create();
    m.set(0, 0x20, TOKEN);
  });

  it("has no hypervisor: #UD, registers untouched", () => {
    for (const name of ["hypercall", "vmcall", "vmmcall", "ud"]) {
      expect(m.run(0, name, 5, 6), name).toBe(Step.FAULT);
      expect(m.h.faultVector(0)).toBe(6);
    }
    expect(m.get(0, 7)).toBe(0n);
  });

  it("cpuid writes the registers", () => {
    m.value(0, "cpuid", 0, 0);
    const text = [3, 2, 1].map((r) => m.h.register(0, r));
    const bytes = text.flatMap((word) => [0, 8, 16, 24].map((shift) => Number((word >> BigInt(shift)) & 255n)));
    expect(String.fromCharCode(...bytes)).toBe("ParleyNative");
    m.value(0, "cpuid", 1, 0);
    expect((m.h.register(0, 1) >> 31n) & 1n).toBe(0n);
    expect((m.h.register(0, 1) >> 21n) & 1n).toBe(1n);
  });

  it("powers off and resets through its ports, and traces", () => {
    expect(m.run(0, "out", 0xe9, 1, 65)).toBe(Step.DONE);
    expect(m.run(0, "out", 0x604, 2, 0x2000)).toBe(Step.END);
    expect(m.h.endKind(0)).toBe(1);
    expect(m.run(0, "out", 0xcf9, 1, 6)).toBe(Step.END);
    expect(m.h.endKind(0)).toBe(2);
  });

  it("refuses values the architecture reserves", () => {
    const cases: [string, ...(bigint | number)[]][] = [
      ["write_cr", 0, 0x33],
      ["write_cr", 0, 0xa005_0033],
      ["write_cr", 3, 1n << 41n],
      ["write_cr", 3, 1n << 63n],
      ["write_cr", 4, 0x80],
      ["write_cr", 4, 0x20n | (1n << 30n)],
      ["write_cr", 8, 16],
      ["write_dr", 7, 1n << 33n],
      ["wrmsr", 0xc000_0080, 2],
      ["wrmsr", 0xc000_0100, 1n << 50n],
      ["wrmsr", 0x277, 2],
      ["rdmsr", 0x4b56_4d00],
      ["rdpmc", 0],
      ["lidt", 1n << 60n, 4095],
      ["ltr", 0],
      ["lldt", 0x10],
    ];
    for (const [name, ...args] of cases) {
      expect(m.run(0, name, ...args), `${name} ${args}`).toBe(Step.FAULT);
      expect(m.h.faultVector(0)).toBe(13);
    }
    expect(m.run(0, "write_cr", 1, 0)).toBe(Step.FAULT);
    expect(m.h.faultVector(0)).toBe(6);
  });

  it("PCIDE needs PCID 0", () => {
    const root = m.get(0, 0x32);
    m.set(0, 0x32, root | 5n);
    expect(m.run(0, "write_cr", 4, m.get(0, 0x33) | (1n << 17n))).toBe(Step.FAULT);
  });

  it("user mode may do none of the privileged ones", () => {
    m.set(0, 0x23, 3);
    for (const name of ["cli", "sti", "hlt", "read_cr", "invlpg", "rdmsr", "lgdt", "swapgs", "wbinvd", "clts", "ltr"]) {
      expect(m.run(0, name, 0, 0), name).toBe(Step.FAULT);
      expect(m.h.faultVector(0), name).toBe(13);
    }
    for (const name of ["pushf", "rdtsc", "cpuid", "pause", "str"]) expect(m.run(0, name, 0, 0), name).toBe(Step.DONE);
    expect(m.run(0, "in", 0x60, 1)).toBe(Step.FAULT);
    m.value(0, "popf", 0x202);
    expect(m.get(0, 0x22)).toBe(2n);
  });

  it("ltr marks the TSS busy; loading it again is #GP", () => {
    const gdt = m.get(0, 0x40);
    const descriptor = m.value(0, "load64", gdt + 0x30n);
    m.value(0, "store64", gdt + 0x30n, descriptor & ~(2n << 40n));
    m.value(0, "ltr", 0x30);
    expect(m.value(0, "load64", gdt + 0x30n)).toBe(descriptor);
    expect(m.value(0, "str")).toBe(0x30n);
    expect(m.run(0, "ltr", 0x30)).toBe(Step.FAULT);
    expect(m.h.faultErrorCode(0)).toBe(0x30);
  });

  it("syscall enters LSTAR with RCX behind the instruction", () => {
    m.value(0, "wrmsr", 0xc000_0082, 0xffff_ffff_8100_0080n);
    m.value(0, "wrmsr", 0xc000_0084, 0x200);
    m.value(0, "wrmsr", 0xc000_0081, 8n << 32n);
    m.set(0, 0x22, 0x202);
    m.set(0, 0x23, 3);
    expect(m.step(0, "syscall", 7)).toBe(Step.JUMP);
    expect([0, 1, 11, 0x20, 0x22, 0x23].map((id) => m.get(0, id))).toEqual([
      7n,
      TOKEN + 1n,
      0x202n,
      0xffff_ffff_8100_0080n,
      2n,
      0n,
    ]);
  });
});

describe("other kinds leave guest mode by their rows", () => {
  it("full virtualisation: every privileged instruction", () => {
    m.create({ kind: Kind.FULLVIRT, hostPages: 16 });
    const codes: [string, number][] = [
      ["cli", 1],
      ["sti", 2],
      ["pushf", 3],
      ["popf", 4],
      ["hlt", 5],
      ["read_cr", 6],
      ["write_cr", 7],
      ["invlpg", 10],
      ["lgdt", 12],
      ["cpuid", 16],
      ["iret", 18],
      ["str", 25],
    ];
    for (const [name, code] of codes) {
      expect(m.run(0, name, 3, 4), name).toBe(Step.EXIT);
      expect(exit().slice(0, 2), name).toEqual([INSN, code]);
    }
  });

  it("direct: #GP, which exits; pushf shows IF, popf cannot change it; a hypercall is a SYSCALL and does not drain", () => {
    m.create({ kind: Kind.DIRECT, hostPages: 16 });
    expect(m.run(0, "cli")).toBe(Step.FAULT);
    expect(m.h.deliverException(0, 13, true, 0, false)).toBe(Step.EXIT);
    expect(exit()[0]).toBe(5);
    expect(m.value(0, "pushf") & 0x200n).toBe(0x200n);
    m.value(0, "popf", 0);
    expect(m.value(0, "pushf") & 0x200n).toBe(0x200n);
    m.h.bufferStore(0, 0x9000, 8, 5n);
    expect(m.run(0, "hypercall", 13, 0, 0, 0, 0, 0, 0)).toBe(Step.EXIT);
    expect(exit().slice(0, 2)).toEqual([HYPERCALL, 2]);
    m.h.leave(0);
    expect(m.h.bufferCount(0)).toBe(1);
  });
});
