import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { DIRECT_MAP, Kind, Machine, rmwCode, Step } from "./testing/machine.ts";

const HANDLER = 0xffff_ffff_8100_0040n;
const TOKEN = 0xffff_ffff_8f00_0000n;
const [DR0, DR6, DR7] = [0x36, 0x3a, 0x3b];
const DB = 1;

let m: Machine;
let page: bigint;
beforeAll(async () => {
  m = await Machine.load();
});
beforeEach(() => {
  m.create({ kind: Kind.NATIVE });
  m.set(0, 0x20, TOKEN);
  m.set(0, 0x21, m.h.directMapOf(m.h.firstFreePfn() + 20));
  page = DIRECT_MAP + BigInt(m.frame()) * 4096n;
});

describe("data breakpoints", () => {
  /** Breakpoint 0 on `size` bytes at page + 8; kind 1 writes, 3 both. */
  const arm = (kind: number, size: number) => {
    m.set(0, DR0, page + 8n);
    m.set(0, DR7, 0x401n | (BigInt(kind) << 16n) | (BigInt(size === 8 ? 2 : size - 1) << 18n));
  };

  it.each([
    ["a store to it", 1, 4, () => m.run(0, "store32", page + 8n, 1), 1],
    ["a store into its last byte", 1, 4, () => m.run(0, "store8", page + 11n, 1), 1],
    ["a store behind it", 1, 4, () => m.run(0, "store32", page + 12n, 1), 0],
    ["a store that reaches into it", 1, 4, () => m.run(0, "store64", page + 4n, 1), 1],
    ["a load of a write breakpoint", 1, 4, () => m.run(0, "load32", page + 8n), 0],
    ["a load of one for both", 3, 8, () => m.run(0, "load8", page + 15n), 1],
    ["a read-modify-write", 1, 8, () => m.run(0, "rmw", rmwCode("add", 8, true), page + 8n, 1), 1],
  ])("%s: %i", (_, kind, size, act, hits) => {
    arm(kind, size);
    expect(act()).toBe(Step.DONE);
    expect(m.h.debugPending(0)).toBe(hits);
  });

  it("are reported in DR6 when #DB is delivered, and not before", () => {
    m.gate(0, DB, HANDLER);
    arm(1, 8);
    m.run(0, "store64", page + 8n, 1);
    expect(m.get(0, DR6) & 0xfn).toBe(0n);
    expect(m.h.deliverException(0, DB, false, 0, false)).toBe(Step.DONE);
    expect([m.get(0, DR6) & 0xfn, m.h.debugPending(0)]).toEqual([1n, 0]);
  });
});

describe("general detect", () => {
  it("makes an access to a debug register #DB, whose handler may use them", () => {
    m.gate(0, DB, HANDLER);
    m.set(0, DR7, 0x2400n);
    expect(m.run(0, "write_dr", 0, 5)).toBe(Step.FAULT);
    expect(m.h.faultVector(0)).toBe(DB);
    m.h.deliverException(0, DB, false, 0, false);
    expect([m.get(0, DR6) & 0x2000n, m.get(0, DR7)]).toEqual([0x2000n, 0x400n]);
    expect(m.run(0, "write_dr", 0, 5)).toBe(Step.DONE);
  });

  it("exits with its DR6 bits where the host half takes #DB", () => {
    m.create({ kind: Kind.ENLIGHTENED });
    m.set(0, 0x54, 1n << 1n);
    m.set(0, DR7, 0x2400n);
    expect(m.run(0, "read_dr", 7)).toBe(Step.FAULT);
    expect(m.h.deliverException(0, DB, false, 0, false)).toBe(Step.EXIT);
    expect([m.get(0, 0x70), m.get(0, 0x75), m.get(0, DR7)]).toEqual([1n, 0x2000n, 0x2400n]);
  });
});

describe("alignment check", () => {
  const user = () => {
    m.map(0x7000_0000_0000n, m.frame(), 0x67n);
    m.set(0, 0x22, 2n | (1n << 18n));
    m.set(0, 0x23, 3);
  };

  it("is #AC(0) for a misaligned access of user mode with CR0.AM and RFLAGS.AC", () => {
    user();
    expect(m.run(0, "load32", 0x7000_0000_0002n)).toBe(Step.FAULT);
    expect([m.h.faultVector(0), m.h.faultErrorCode(0)]).toEqual([17, 0]);
    expect(m.run(0, "load32", 0x7000_0000_0004n)).toBe(Step.DONE);
    expect(m.run(0, "load8", 0x7000_0000_0003n)).toBe(Step.DONE);
  });

  it("needs all three", () => {
    user();
    m.set(0, 0x22, 2);
    expect(m.run(0, "load32", 0x7000_0000_0002n)).toBe(Step.DONE);
    m.set(0, 0x22, 2n | (1n << 18n));
    m.set(0, 0x30, m.get(0, 0x30) & ~(1n << 18n));
    expect(m.run(0, "load32", 0x7000_0000_0002n)).toBe(Step.DONE);
    m.set(0, 0x23, 0);
    m.set(0, 0x30, m.get(0, 0x30) | (1n << 18n));
    expect(m.run(0, "load32", page + 2n)).toBe(Step.DONE);
  });
});
