import { beforeAll, describe, expect, it } from "vitest";
import { DIRECT_MAP, Kind, Machine, Step } from "./testing/machine.ts";

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});

describe("boot layout", () => {
  it("maps every guest frame in the direct map, writable, not executable", () => {
    m.create({ kind: Kind.ENLIGHTENED, pages: 300 });
    for (let pfn = 0; pfn < 300; pfn++) {
      expect(m.translate(0, DIRECT_MAP + BigInt(pfn) * 4096n + 9n, 1)).toEqual({ ok: true, ma: pfn * 4096 + 9 });
    }
    expect(m.translate(0, DIRECT_MAP + 300n * 4096n, 0)).toMatchObject({ vector: 14, error: 0 });
    expect(m.translate(0, DIRECT_MAP, 2)).toMatchObject({ vector: 14, error: 0x11 });
  });

  it("gives kernel, guest, ROM, native, user text and resume tokens pages to fetch from, and nothing else", () => {
    m.create();
    for (const va of [0x8100, 0x8200, 0x8300, 0x8400].map(
      (high) => 0xffff_ffff_0000_0000n + BigInt(high) * 0x1_0000n,
    )) {
      expect(m.h.fetchAt(0, va)).toBe(Step.DONE);
      expect(m.h.fetchAt(0, va + 0x3ff0n)).toBe(Step.DONE);
      expect(m.h.fetchAt(0, va + 0x4000n)).toBe(Step.FAULT);
      expect(m.translate(0, va, 1)).toMatchObject({ vector: 14, error: 3 });
    }
    expect(m.h.fetchAt(0, 0xffff_ffff_8f00_0000n)).toBe(Step.DONE);
    m.set(0, 0x23, 3);
    expect(m.h.fetchAt(0, 0x40_0000n)).toBe(Step.DONE);
    expect(m.h.fetchAt(0, 0xffff_ffff_8100_0000n)).toBe(Step.FAULT);
  });

  it("describes itself in the info page of every vCPU", () => {
    m.create({ vcpus: 3, stride: 100 });
    for (let v = 0; v < 3; v++) {
      const at = m.h.infoPfn(v) * 4096;
      expect([0, 4, 8, 12].map((offset) => m.peek(at + offset, 4))).toEqual([0x10000n, BigInt(v), 3n, 0xf00008n]);
      expect(m.peek(at + 16)).toBe(m.get(v, 0x42));
      expect([32, 36].map((offset) => m.peek(at + offset, 4))).toEqual([8n, 2n]);
      expect(m.peek(at + 48)).toBe((1n << 64n) - 1n);
      expect([56, 60, 64, 68].map((offset) => m.peek(at + offset, 4))).toEqual([0n, 100n, 200n, 0xffffffffn]);
    }
  });

  it("has all other vCPUs off, and a boot vCPU that can take a fault on its own stack", () => {
    m.create({ vcpus: 8 });
    expect(Array.from({ length: 8 }, (_, v) => m.get(v, 0x90))).toEqual([2n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]);
    expect(m.h.vcpuBytes() * 8).toBeLessThan(64 * 1024);
  });

  it("refuses configurations that cannot be", () => {
    for (const [kind, vcpus, pages, host, stride] of [
      [5, 1, 512, 0, 1],
      [0, 0, 512, 0, 1],
      [0, 9, 512, 0, 1],
      [0, 2, 64, 0, 1],
      [0, 2, 4096, 0, 1],
      [0, 2, 512, 5000, 1],
      [0, 2, 512, 0, 0],
      [0, 2, 512, 0, 256],
    ] as const) {
      expect(m.h.create(kind, vcpus, pages, host, 1, stride)).toBe(1);
    }
  });

  it("is the same bytes every time", () => {
    const image = () => {
      m.create({ kind: Kind.DIRECT, hostPages: 8, seed: 5 });
      return Array.from({ length: m.h.frames() * 512 }, (_, i) => m.h.memoryAt(i * 8, 8)).join();
    };
    const first = image();
    expect(image() === first).toBe(true);
  });
});

describe("frames", () => {
  it("belong to guest, host and somebody else, in a seeded order where frames are machine frames", () => {
    for (const kind of [Kind.ENLIGHTENED, Kind.DIRECT]) {
      m.create({ kind, pages: 200, hostPages: 20, seed: 9 });
      const owners = Array.from({ length: m.h.frames() }, (_, mfn) => m.h.ownerOf(mfn));
      expect([0, 1, 2].map((owner) => owners.filter((o) => o === owner).length)).toEqual([20, 200, 4]);
      const mfns = Array.from({ length: 200 }, (_, i) => m.h.frameOf(i));
      expect(mfns.every((mfn) => m.h.ownerOf(mfn) === 1)).toBe(true);
      expect(new Set(mfns).size).toBe(200);
      expect(mfns.every((mfn, i) => mfn === i)).toBe(kind === Kind.ENLIGHTENED);
    }
    const order = () => Array.from({ length: 200 }, (_, i) => m.h.frameOf(i)).join();
    m.create({ kind: Kind.DIRECT, pages: 200, hostPages: 20, seed: 10 });
    const ten = order();
    m.create({ kind: Kind.DIRECT, pages: 200, hostPages: 20, seed: 11 });
    expect(order()).not.toBe(ten);
  });

  it("move between host and guest only", () => {
    m.create({ kind: Kind.ENLIGHTENED, pages: 200, hostPages: 20 });
    expect([m.h.assign(205, 1), m.h.ownerOf(205), m.h.assign(205, 0), m.h.ownerOf(205)]).toEqual([0, 1, 0, 0]);
    expect([m.h.assign(222, 0), m.h.assign(5, 2), m.h.assign(1000, 0)]).toEqual([-4, -1, -1]);
  });

  it("foreign canaries notice one changed byte", () => {
    m.create({ kind: Kind.ENLIGHTENED, pages: 200, hostPages: 20 });
    expect(m.h.canaries()).toBe(1);
    const at = 221 * 4096 + 77;
    m.h.setMemory(at, 1, m.h.memoryAt(at, 1) ^ 1n);
    expect(m.h.canaries()).toBe(0);
  });

  it("there is nothing beyond the last", () => {
    m.create({ pages: 200 });
    const end = m.h.frames() * 4096;
    expect(m.h.memoryAt(end, 4)).toBe(0xffffffffn);
    m.h.setMemory(end - 4, 8, -1n);
    expect(m.h.memoryAt(end - 4, 4)).not.toBe(0xffffffffn);
  });
});

describe("second level", () => {
  const VA = 0x7000_0000_0000n;
  const host = (i: number) => (200 + i) * 4096;
  /** Identity of the first 2 MiB by host frames 0 … 3, entries of `bits`. */
  const build = (bits: bigint) => {
    m.create({ kind: Kind.ENLIGHTENED, pages: 200, hostPages: 20 });
    for (let level = 0; level < 3; level++) m.h.setMemory(host(level), 8, BigInt(host(level + 1)) | 7n);
    for (let i = 0; i < 200; i++) m.h.setMemory(host(3) + i * 8, 8, BigInt.asIntN(64, (BigInt(i) << 12n) | bits));
    m.set(0, 0x51, host(0));
  };

  it("is walked under the guest's tables, with A and D of its own", () => {
    build(7n);
    const page = m.frame();
    m.map(VA, page, 3n);
    expect(m.run(0, "store64", VA, 1)).toBe(Step.DONE);
    const entry = () => BigInt.asUintN(64, m.h.memoryAt(host(3) + page * 8, 8));
    expect(entry() & 0x300n).toBe(0x300n);
    expect(m.h.memoryAt(host(0), 8) & 0x300n).toBe(0x100n);
  });

  it("an entry that does not permit exits with address and access; the guest retries after the host mapped it", () => {
    build(7n);
    const page = m.frame();
    m.map(VA, page, 3n);
    m.h.setMemory(host(3) + page * 8, 8, (BigInt(page) << 12n) | 5n);
    expect(m.run(0, "load64", VA + 16n)).toBe(Step.DONE);
    expect(m.run(0, "store64", VA + 16n, 1)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x74), m.get(0, 0x73), m.get(0, 0x75), m.get(0, 0x77)]).toEqual([
      6,
      BigInt(page) * 4096n + 16n,
      VA + 16n,
      1n,
      0n,
    ]);
    m.h.setMemory(host(3) + page * 8, 8, (BigInt(page) << 12n) | 7n);
    m.h.hostFlush(0, 0, 0n, 0n);
    expect(m.run(0, "store64", VA + 16n, 1)).toBe(Step.DONE);
  });

  it("a page table that it does not map exits with FLAGS bit 0", () => {
    build(7n);
    m.h.setMemory(host(3) + m.h.rootPfn() * 8, 8, 0n);
    expect(m.run(0, "load64", DIRECT_MAP)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x77)]).toEqual([6, 1n]);
  });
});
