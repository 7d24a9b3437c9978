import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DIRECT_MAP, LOCK, Machine, rmwCode, Step } from "./testing/machine.ts";

let m: Machine;
let gpa: number;
let va: bigint;

beforeAll(async () => {
  m = await Machine.load();
});

beforeEach(() => {
  m.create({ pages: 512 });
  gpa = m.frame() * 4096;
  m.frame();
  va = DIRECT_MAP + BigInt(gpa);
  m.set(1, 0x32, m.get(0, 0x32));
});

describe("store buffer", () => {
  it("shows a store to its own vCPU at once, to others when it drained", () => {
    m.value(0, "store32", va, 7);
    expect([m.value(0, "load32", va), m.value(1, "load32", va)]).toEqual([7n, 0n]);
    expect(m.h.bufferCount(0)).toBe(1);
    m.h.drainOne(0);
    expect(m.value(1, "load32", va)).toBe(7n);
    expect(m.h.bufferCount(0)).toBe(0);
  });

  it("drains in order", () => {
    m.value(0, "store64", va, 1);
    m.value(0, "store64", va + 8n, 2);
    m.value(0, "store64", va, 3);
    const states: bigint[][] = [];
    for (let i = 0; i < 3; i++) {
      m.h.drainOne(0);
      states.push([m.peek(gpa), m.peek(gpa + 8)]);
    }
    expect(states).toEqual([
      [1n, 0n],
      [1n, 2n],
      [3n, 2n],
    ]);
  });

  it("forwards the newest bytes of overlapping stores of all sizes", () => {
    m.poke(gpa, 0x8877665544332211n);
    m.value(0, "store16", va + 1n, 0xaabb);
    m.value(0, "store8", va + 2n, 0xcc);
    m.value(0, "store32", va + 4n, 0x01020304);
    expect(m.value(0, "load64", va)).toBe(0x01020304_44ccbb11n);
    expect(m.value(0, "load16", va + 2n)).toBe(0x44ccn);
    expect(m.value(0, "load8", va + 7n)).toBe(0x01n);
    expect(m.value(0, "load32", va + 2n)).toBe(0x030444ccn);
    m.value(0, "mfence");
    expect(m.peek(gpa)).toBe(0x01020304_44ccbb11n);
  });

  it("answers as a byte-wise model does, whatever stores wait", () => {
    let seed = 99;
    const next = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return (seed >>> 8) % n;
    };
    const memory = new Uint8Array(64);
    const pending: { at: number; bytes: number[] }[] = [];
    for (let i = 0; i < 3000; i++) {
      const size = 1 << next(4);
      const at = next(64 - size + 1);
      const choice = next(4);
      if (choice === 0 && pending.length > 0) {
        m.h.drainOne(0);
        const oldest = pending.shift();
        memory.set(oldest?.bytes ?? [], oldest?.at);
      } else if (choice === 1 && pending.length < 32) {
        const bytes = Array.from({ length: size }, () => next(256));
        pending.push({ at, bytes });
        m.h.bufferStore(
          0,
          gpa + at,
          size,
          BigInt.asIntN(
            64,
            bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
          ),
        );
      } else {
        const seen = memory.slice();
        for (const store of pending) seen.set(store.bytes, store.at);
        const wanted = [...seen.slice(at, at + size)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
        expect(BigInt.asUintN(64, m.h.bufferLoad(0, gpa + at, size))).toBe(wanted);
      }
    }
  });

  it("is full at 32 stores and then drains the oldest", () => {
    for (let i = 0; i < 33; i++) m.value(0, "store64", va + BigInt(8 * i), i + 1);
    expect(m.h.bufferCount(0)).toBe(32);
    expect([m.peek(gpa), m.peek(gpa + 8)]).toEqual([1n, 0n]);
  });

  const draining: [string, () => void][] = [
    ["mfence", () => m.value(0, "mfence")],
    ["LOCK or", () => m.value(0, "rmw", rmwCode("or", 8, true), va + 64n, 1)],
    ["xchg without LOCK", () => m.value(0, "rmw", rmwCode("xchg", 8), va + 64n, 1)],
    ["failing LOCK cmpxchg", () => m.value(0, "cmpxchg", LOCK | 0x30, va + 64n, 99, 1)],
    ["write_cr", () => m.value(0, "write_cr", 3, m.get(0, 0x32))],
    ["invlpg", () => m.value(0, "invlpg", va)],
    ["invpcid", () => m.value(0, "invpcid", 2, 0, 0)],
    ["wrmsr FS_BASE", () => m.value(0, "wrmsr", 0xc0000100, 0)],
    ["wrmsr EOI", () => m.value(0, "wrmsr", 0x80b, 0)],
    ["cpuid", () => m.value(0, "cpuid", 0, 0)],
    ["lidt", () => m.value(0, "lidt", m.get(0, 0x42), 4095)],
    ["out", () => m.value(0, "out", 0xe9, 1, 65)],
    ["in", () => m.value(0, "in", 0x60, 1)],
  ];
  it.each(draining)("%s drains", (_, act) => {
    m.value(0, "store64", va, 5);
    act();
    expect(m.h.bufferCount(0)).toBe(0);
    expect(m.peek(gpa)).toBe(5n);
  });

  const keeping: [string, () => void][] = [
    ["sfence", () => m.value(0, "sfence")],
    ["lfence", () => m.value(0, "lfence")],
    ["pause", () => m.value(0, "pause")],
    ["cli", () => m.value(0, "cli")],
    ["sti", () => m.value(0, "sti")],
    ["rdtsc", () => m.value(0, "rdtsc")],
    ["rdmsr", () => m.value(0, "rdmsr", 0x1b)],
    ["x2APIC ICR", () => m.value(0, "wrmsr", 0x830, (1n << 32n) | 0x40n)],
    ["TSC deadline", () => m.value(0, "wrmsr", 0x6e0, 0)],
    ["unlocked or", () => m.value(0, "rmw", rmwCode("or", 8), va + 64n, 1)],
    ["a load", () => m.value(0, "load64", va + 64n)],
  ];
  it.each(keeping)("%s does not drain", (_, act) => {
    m.value(0, "store64", va, 5);
    act();
    expect(m.h.bufferOldest(0)).toBe(gpa);
    expect(m.peek(gpa)).toBe(0n);
  });
});

describe("accesses", () => {
  it("load and store misaligned within 8 bytes in one step", () => {
    m.value(0, "load8", va);
    expect(m.step(0, "store32", va + 3n, 0xdeadbeefn)).toBe(Step.DONE);
    expect(m.step(0, "load32", va + 3n)).toBe(Step.DONE);
    expect(m.slot(0)).toBe(0xdeadbeefn);
  });

  it("cross 8 bytes in two steps, between which others may come", () => {
    m.poke(gpa, 0x1111111111111111n);
    m.poke(gpa + 8, 0x2222222222222222n);
    m.value(0, "load8", va);
    expect(m.step(0, "load64", va + 4n)).toBe(Step.SPLIT);
    m.poke(gpa + 8, 0x3333333333333333n);
    expect(m.step(0, "load64", va + 4n)).toBe(Step.DONE);
    expect(m.slot(0)).toBe(0x3333333311111111n);
    expect(m.step(0, "store64", va + 6n, 0xaabbccddeeff0011n)).toBe(Step.SPLIT);
    m.h.drainAll(0);
    expect([m.peek(gpa), m.peek(gpa + 8)]).toEqual([0x0011111111111111n, 0x3333333333333333n]);
    expect(m.step(0, "store64", va + 6n, 0xaabbccddeeff0011n)).toBe(Step.DONE);
    m.h.drainAll(0);
    expect(m.peek(gpa + 8)).toBe(0x3333aabbccddeeffn);
  });

  it("translate both pages before either is written", () => {
    const crossing = 0x60_0000_0ffcn;
    const low = m.frame();
    m.map(crossing & ~0xfffn, low, 0x67n, 0x27n);
    expect(m.run(0, "store64", crossing, 0x1122334455667788n)).toBe(Step.FAULT);
    expect(m.h.faultAddress(0)).toBe(0x60_0000_1000n);
    expect(m.h.bufferCount(0)).toBe(0);
    const high = m.frame();
    m.map(0x60_0000_1000n, high, 0x67n);
    expect(m.run(0, "store64", crossing, 0x1122334455667788n)).toBe(Step.DONE);
    m.value(0, "mfence");
    expect([m.peek(low * 4096 + 0xffc, 4), m.peek(high * 4096, 4)]).toEqual([0x55667788n, 0x11223344n]);
  });

  it("unlocked rmw is two steps of one instruction and can lose an update", () => {
    m.value(0, "load8", va);
    expect(m.step(0, "rmw", rmwCode("add", 8), va, 1)).toBe(Step.SPLIT);
    m.value(1, "rmw", rmwCode("add", 8, true), va, 10);
    expect(m.step(0, "rmw", rmwCode("add", 8), va, 1)).toBe(Step.DONE);
    expect(m.slot(0)).toBe(0n);
    m.value(0, "mfence");
    expect(m.peek(gpa)).toBe(1n);
  });

  it("LOCK is one step even across 8 bytes", () => {
    m.poke(gpa, 0xffffffff00000000n);
    m.value(0, "load8", va);
    expect(m.step(0, "rmw", rmwCode("add", 8, true), va + 4n, 1)).toBe(Step.DONE);
    expect(m.slot(0)).toBe(0xffffffffn);
    expect([m.peek(gpa), m.peek(gpa + 8)]).toEqual([0n, 1n]);
  });

  it.each([
    ["xchg", 4, 0x5n, 0x80000005n, 0x5n],
    ["add", 1, 0xffn, 5n, 4n],
    ["and", 2, 0x0ff0n, 0xffffn, 0x0ff0n],
    ["or", 8, 0xf0n, 0x0fn, 0xffn],
    ["xor", 4, 0xffffffffn, 0x1n, 0xfffffffen],
    ["bts", 4, 35n, 0n, 8n],
    ["btr", 8, 1n, 7n, 5n],
    ["btc", 2, 0n, 1n, 0n],
  ] as [string, number, bigint, bigint, bigint][])("%s of %i bytes", (op, size, operand, old, wanted) => {
    for (const lock of [false, true]) {
      m.poke(gpa, old);
      expect(m.value(0, "rmw", rmwCode(op, size, lock), va, operand)).toBe(old);
      m.value(0, "mfence");
      expect(m.peek(gpa)).toBe(wanted);
    }
  });

  it("cmpxchg compares at its size; an unlocked failure writes the old value back", () => {
    m.poke(gpa, 0x1_0000_0007n);
    expect(m.value(0, "cmpxchg", 0x20 | LOCK, va, 0xffff_ffff_0000_0007n, 9)).toBe(7n);
    expect(m.peek(gpa)).toBe(0x1_0000_0009n);
    expect(m.step(0, "cmpxchg", 0x20, va, 1, 2)).toBe(Step.SPLIT);
    m.poke(gpa, 0x33n);
    expect(m.step(0, "cmpxchg", 0x20, va, 1, 2)).toBe(Step.DONE);
    m.value(0, "mfence");
    expect(m.peek(gpa, 4)).toBe(9n);
  });

  it("refuses unknown operations with #UD", () => {
    for (const code of [8, 0x40, 0x200]) {
      expect(m.run(0, "rmw", code, va, 1)).toBe(Step.FAULT);
      expect(m.h.faultVector(0)).toBe(6);
    }
  });

  it("copies between private and machine memory by aligned units, restarting where a fault left it", () => {
    const page = 0x61_0000_0000n;
    const low = m.frame();
    m.map(page, low, 0x67n, 0x27n);
    const bytes = Uint8Array.from({ length: 40 }, (_, i) => i + 1);
    m.private.set(bytes);
    const source = m.h.privateBytes();
    expect(m.run(0, "copy_out", source, page + 0xfebn, 40)).toBe(Step.FAULT);
    expect(m.h.faultAddress(0)).toBe(page + 0x1000n);
    const high = m.frame();
    m.map(page + 0x1000n, high, 0x67n);
    let units = 0;
    let status: number = Step.PART;
    while (status !== Step.DONE) {
      status = m.step(0, "copy_out", source, page + 0xfebn, 40);
      units += status === Step.PART || status === Step.DONE ? 1 : 0;
    }
    expect(units).toBe(3);
    m.value(0, "mfence");
    expect([m.peek(low * 4096 + 0xfeb, 1), m.peek(low * 4096 + 0xfff, 1), m.peek(high * 4096, 8)]).toEqual([
      1n,
      21n,
      0x1d1c1b1a19181716n,
    ]);
    m.private.fill(0);
    expect(m.run(0, "copy_in", source, page + 0xfebn, 40)).toBe(Step.DONE);
    expect(m.private.slice(0, 41)).toEqual(Uint8Array.from([...bytes, 0]));
  });

  it("fills quadwords, misaligned too", () => {
    expect(m.run(0, "fill", va + 4n, 0x1111222233334444n, 3)).toBe(Step.DONE);
    m.value(0, "mfence");
    expect([0, 8, 16, 24].map((i) => m.peek(gpa + i))).toEqual([
      0x3333444400000000n,
      0x3333444411112222n,
      0x3333444411112222n,
      0x0000000011112222n,
    ]);
  });
});
