import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Machine, Step } from "./testing/machine.ts";

const FLAGS = 0x67n; // P W U A D
const GLOBAL = 0x100n;
const VA = 0x40_0000_0000n;
const CR4_PCIDE = 1n << 17n;
const NOFLUSH = 1n << 63n;

let m: Machine;
let first: number;
let second: number;
let entry: number;

beforeAll(async () => {
  m = await Machine.load();
});

beforeEach(() => {
  m.create();
  first = m.frame();
  second = m.frame();
  entry = m.map(VA, first, FLAGS, 0x27n);
  m.poke(first * 4096, 1n);
  m.poke(second * 4096, 2n);
});

/** Points the page at the second frame, in memory only. */
const remap = (flags = FLAGS) => m.poke(entry, (BigInt(second) << 12n) | flags);
const seen = (v = 0) => m.value(v, "load64", VA);

describe("retention", () => {
  it("goes on using a translation after its entry changed, on every vCPU that has it", () => {
    m.set(1, 0x32, m.get(0, 0x32));
    expect([seen(0), seen(1)]).toEqual([1n, 1n]);
    remap();
    expect([seen(0), seen(1)]).toEqual([1n, 1n]);
    m.value(0, "invlpg", VA);
    expect([seen(0), seen(1)]).toEqual([2n, 1n]);
  });

  it("keeps using an entry that is no longer present", () => {
    seen();
    m.poke(entry, 0n);
    expect(seen()).toBe(1n);
  });

  it("uses a remembered upper-level entry after the table above changed", () => {
    seen();
    const other = VA + 4096n;
    m.map(other, second, FLAGS);
    const table = Number((m.peek(m.entryOf(VA, 2)) >> 12n) & 0xfffffn);
    m.poke(m.entryOf(VA, 2), 0n);
    expect(m.translate(0, other, 0)).toEqual({ ok: true, ma: second * 4096 });
    m.h.hostFlush(0, 6, 0n, 0n);
    m.h.hostFlush(0, 2, other, 0n);
    expect(m.translate(0, other, 0)).toMatchObject({ vector: 14, error: 0 });
    expect(table).toBeGreaterThan(0);
  });

  it("INVLPG of any address drops every upper-level entry of the address space, and no other page", () => {
    seen();
    const other = VA + 4096n;
    m.map(other, second, FLAGS);
    m.poke(m.entryOf(VA, 2), 0n);
    m.value(0, "invlpg", 0x1000n);
    expect(seen()).toBe(1n);
    expect(m.translate(0, other, 0)).toMatchObject({ vector: 14, error: 0 });
  });

  it("faults from a stale entry and forgets it with the fault", () => {
    m.poke(entry, (BigInt(first) << 12n) | 0x25n);
    seen();
    m.poke(entry, (BigInt(first) << 12n) | FLAGS);
    expect(m.run(0, "store64", VA, 5)).toBe(Step.FAULT);
    expect(m.h.faultErrorCode(0)).toBe(3);
    expect(m.run(0, "store64", VA, 5)).toBe(Step.DONE);
  });

  it("walks again to set D when a clean translation is written through", () => {
    m.poke(entry, (BigInt(first) << 12n) | 0x27n);
    seen();
    remap(0x27n);
    expect(m.translate(0, VA, 1)).toEqual({ ok: true, ma: second * 4096 });
    expect(m.peek(entry) & 0x40n).toBe(0x40n);
  });
});

describe("what drops translations", () => {
  it("MOV to CR3 drops all but global ones", () => {
    const other = VA + 4096n;
    const otherEntry = m.map(other, first, FLAGS | GLOBAL);
    seen();
    m.value(0, "load64", other);
    remap();
    m.poke(otherEntry, (BigInt(second) << 12n) | FLAGS | GLOBAL);
    m.value(0, "write_cr", 3, m.get(0, 0x32));
    expect([seen(), m.value(0, "load64", other)]).toEqual([2n, 1n]);
    m.value(0, "write_cr", 4, m.get(0, 0x33) ^ 0x80n);
    expect(m.value(0, "load64", other)).toBe(2n);
  });

  it("INVLPG drops a global page, and one 2 MiB page through any of its addresses", () => {
    remap(FLAGS | GLOBAL);
    expect(seen()).toBe(2n);
    m.poke(entry, (BigInt(first) << 12n) | FLAGS);
    m.value(0, "invlpg", VA + 0xfffn);
    expect(seen()).toBe(1n);
    m.create();
    const large = 0x50_0000_0000n;
    m.map(large, 0, 7n);
    m.poke(m.entryOf(large, 2), 0xe7n);
    expect(m.translate(0, large + 0x3000n, 0)).toEqual({ ok: true, ma: 0x3000 });
    m.poke(m.entryOf(large, 2), 0n);
    m.value(0, "invlpg", large + 0x7000n);
    expect(m.probe(0, large + 0x3000n)).toBe(-1n);
  });

  it("keeps address spaces apart by PCID, and CR3 bit 63 keeps what there is", () => {
    const root = m.get(0, 0x32);
    m.value(0, "write_cr", 4, m.get(0, 0x33) | CR4_PCIDE);
    m.value(0, "write_cr", 3, root | 1n);
    expect(seen()).toBe(1n);
    remap();
    m.value(0, "write_cr", 3, root | 2n | NOFLUSH);
    expect(seen()).toBe(2n);
    m.value(0, "write_cr", 3, root | 1n | NOFLUSH);
    expect(seen()).toBe(1n);
    expect(m.value(0, "read_cr", 3)).toBe(root | 1n);
    m.value(0, "write_cr", 3, root | 1n);
    expect(seen()).toBe(2n);
  });

  it("a global translation serves every PCID", () => {
    const root = m.get(0, 0x32);
    m.value(0, "write_cr", 4, m.get(0, 0x33) | CR4_PCIDE);
    m.poke(entry, (BigInt(first) << 12n) | FLAGS | GLOBAL);
    m.value(0, "write_cr", 3, root | 1n);
    expect(seen()).toBe(1n);
    remap(FLAGS | GLOBAL);
    m.value(0, "write_cr", 3, root | 2n);
    expect(seen()).toBe(1n);
  });

  it("INVPCID: one address, one PCID, all, all but global", () => {
    const root = m.get(0, 0x32);
    const shared = VA + 4096n;
    m.map(shared, first, FLAGS | GLOBAL);
    m.value(0, "write_cr", 4, m.get(0, 0x33) | CR4_PCIDE);
    const fill = () => {
      for (const pcid of [1n, 2n]) {
        m.value(0, "write_cr", 3, root | pcid | NOFLUSH);
        seen();
      }
      m.value(0, "load64", shared);
    };
    const has = (pcid: bigint, va: bigint) => {
      m.value(0, "write_cr", 3, root | pcid | NOFLUSH);
      return m.probe(0, va) !== -1n;
    };
    const present = () => [has(1n, VA), has(2n, VA), has(2n, shared)];
    fill();
    m.value(0, "invpcid", 0, 1, VA);
    expect(present()).toEqual([false, true, true]);
    fill();
    m.value(0, "invpcid", 1, 2, 0);
    expect(present()).toEqual([true, false, true]);
    fill();
    m.value(0, "invpcid", 3, 0, 0);
    expect(present()).toEqual([false, false, true]);
    fill();
    m.value(0, "invpcid", 2, 0, 0);
    expect(present()).toEqual([false, false, false]);
    expect(m.run(0, "invpcid", 4, 0, 0)).toBe(Step.FAULT);
    expect(m.run(0, "invpcid", 0, 4096, 0)).toBe(Step.FAULT);
    expect(m.run(0, "invpcid", 0, 1, 1n << 60n)).toBe(Step.FAULT);
  });

  it("host flushes: a page, a range, an asid", () => {
    const pages = [0n, 1n, 2n, 3n].map((i) => VA + 4096n * i);
    for (const va of pages) m.map(va, first, FLAGS);
    const fill = () => pages.forEach((va) => void m.value(0, "load64", va));
    const present = () => pages.map((va) => m.probe(0, va) !== -1n);
    fill();
    m.h.hostFlush(0, 2, pages[1], 0n);
    expect(present()).toEqual([true, false, true, true]);
    fill();
    m.h.hostFlush(0, 3, (pages[1] as bigint) + 5n, pages[3]);
    expect(present()).toEqual([true, false, false, true]);
    fill();
    m.h.hostFlush(0, 4, 1n, 0n);
    expect(present()).toEqual([true, true, true, true]);
    m.h.hostFlush(0, 4, 0n, 0n);
    expect(present()).toEqual([false, false, false, false]);
  });

  it("an eviction by the explorer drops one entry", () => {
    seen();
    remap();
    const n = m.h.occupied(0);
    for (let i = n - 1; i >= 0; i--) m.h.evictNth(0, i);
    expect(m.h.occupied(0)).toBe(0);
    expect(seen()).toBe(2n);
  });
});

describe("walker steps", () => {
  it("sets A of every level and D by steps of their own, and fills the TLB with the last", () => {
    const fresh = 0x7f00_0000_0000n;
    const page = m.frame();
    m.map(fresh, page, 7n);
    const steps: number[] = [];
    let status: number = Step.SPLIT;
    while (status === Step.SPLIT) {
      status = m.step(0, "store64", fresh, 9n);
      steps.push(status);
      expect(m.h.phase(0)).toBe(0);
    }
    expect(steps).toEqual([5, 5, 5, 5, 0]);
    expect([4, 3, 2].map((level) => m.peek(m.entryOf(fresh, level)) & 0x60n)).toEqual([0x20n, 0x20n, 0x20n]);
    expect(m.peek(m.entryOf(fresh, 1)) & 0x60n).toBe(0x60n);
  });

  it("sees the vCPU's own buffered table stores, and drains them under the locked step", () => {
    m.poke(entry, 0n);
    const pte = BigInt(entry) + 0xffff_8880_0000_0000n;
    expect(m.run(0, "store64", pte, (BigInt(second) << 12n) | 7n)).toBe(Step.DONE);
    expect(m.peek(entry)).toBe(0n);
    expect(seen()).toBe(2n);
    expect(m.peek(entry)).toBe((BigInt(second) << 12n) | 0x27n);
  });
});
