import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Kind, Machine, Step } from "./testing/machine.ts";

const VA = 0x7000_0000_0000n;

let m: Machine;
let page: number;
beforeAll(async () => {
  m = await Machine.load();
});

function boot(kind: number): void {
  m.create({ kind });
  page = m.frame() * 4096;
  m.map(VA, page / 4096, 0x23n, 0x27n);
  m.set(0, 0x20, 0xffff_ffff_8f00_0000n);
}
const code = (...bytes: number[]) => {
  for (const [i, byte] of bytes.entries()) m.poke(page + i, BigInt(byte), 1);
};

beforeEach(() => {
  boot(Kind.ENLIGHTENED);
});

describe("machine.exec", () => {
  it("runs mov eax, nop, ret", () => {
    code(0x90, 0xb8, 0x78, 0x56, 0x34, 0x12, 0xc3);
    expect(m.step(0, "exec", VA)).toBe(Step.PART);
    expect(m.get(0, 0x20)).toBe(VA + 1n);
    expect(m.run(0, "exec", VA)).toBe(Step.DONE);
    expect(m.h.register(0, 0)).toBe(0x12345678n);
  });

  it("leaves guest mode at the real RIP of vmcall, with its length", () => {
    code(0x90, 0x0f, 0x01, 0xc1, 0xc3);
    expect(m.run(0, "exec", VA)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x20), m.get(0, 0x76), m.get(0, 0x70)]).toEqual([1, VA + 1n, 3n, 0n]);
    m.set(0, 0x20, VA + 4n);
    expect(m.run(0, "exec", VA)).toBe(Step.DONE);
    code(0x0f, 0x01, 0xd9);
    expect(m.run(0, "exec", VA)).toBe(Step.EXIT);
    expect(m.get(0, 0x70)).toBe(1n);
  });

  it("checks the fetch: NX is #PF with the instruction bit", () => {
    m.map(VA, page / 4096, 3n | (1n << 63n));
    code(0xc3);
    expect(m.run(0, "exec", VA)).toBe(Step.FAULT);
    expect([m.h.faultVector(0), m.h.faultErrorCode(0), m.get(0, 0x20)]).toEqual([14, 0x11, VA]);
  });

  it("anything else, and what lies beyond 16 bytes, is #UD", () => {
    for (const bytes of [[0x00], [0x0f, 0x0b], [0x0f, 0x01, 0x00], [...Array(16).fill(0x90), 0xc3]]) {
      m.h.complete(0);
      code(...bytes);
      expect(m.run(0, "exec", VA)).toBe(Step.FAULT);
      expect(m.h.faultVector(0)).toBe(6);
    }
  });

  it("int3 is a trap: its frame names the next byte", () => {
    boot(Kind.NATIVE);
    m.set(0, 0x21, m.h.directMapOf(m.frame() + 1));
    m.gate(0, 3, 0xffff_ffff_8100_0040n);
    code(0xcc, 0xc3);
    expect(m.run(0, "exec", VA)).toBe(Step.JUMP);
    expect(m.words(0, m.get(0, 0x21), 1)).toEqual([VA + 1n]);
  });

  it("vmcall on bare metal is #UD", () => {
    boot(Kind.NATIVE);
    code(0x0f, 0x01, 0xc1);
    expect(m.run(0, "exec", VA)).toBe(Step.FAULT);
    expect(m.h.faultVector(0)).toBe(6);
  });
});
