import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Kind, Machine, Step } from "./testing/machine.ts";

const EINVAL = -1;
const EPERM = -4;
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
/** Ids of docs/abi.md. */
const all = [
  ...range(0x00, 0x1b),
  ...range(0x20, 0x29),
  ...range(0x30, 0x3f),
  ...range(0x40, 0x49),
  ...range(0x50, 0x5c),
  ...range(0x60, 0x64),
  ...range(0x70, 0x77),
  ...range(0x80, 0x8b),
  ...range(0x90, 0x96),
];
const readOnly = [0x63, 0x64, ...range(0x70, 0x77), ...range(0x90, 0x96)];

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});
beforeEach(() => {
  m.create({ kind: Kind.ENLIGHTENED, hostPages: 16 });
});

describe("fields", () => {
  it("exist exactly as the ABI lists them", () => {
    const found = range(0, 0x100).filter((id) => m.h.getField(0, id) === 0);
    expect(found).toEqual(all);
  });

  it("answer EINVAL for ids that do not exist, EPERM for read-only ones", () => {
    for (const id of range(0, 0x100)) {
      if (!all.includes(id)) expect([m.h.getField(0, id), m.set(0, id, 0)], id.toString(16)).toEqual([EINVAL, EINVAL]);
    }
    for (const id of readOnly) expect(m.set(0, id, 0), id.toString(16)).toBe(EPERM);
  });

  it("keep what was written, each apart from the others", () => {
    const small: Record<number, bigint> = {
      35: 3n,
      52: 9n,
      83: 0x2n,
      98: 3n,
      80: 0x3000n,
      81: 0x4000n,
      85: 0x5000n,
      86: 0x7000n,
      128: 200n,
      129: 0x90n,
      139: 0x1efn,
    };
    const writable = all.filter((id) => !readOnly.includes(id) && id !== 0x21);
    const sample = (id: number) => small[id] ?? (BigInt(id) << 8n) + 1n;
    for (const id of writable) expect(m.set(1, id, sample(id)), id.toString(16)).toBe(0);
    for (const id of writable) expect(m.get(1, id), id.toString(16)).toBe(id === 0x34 ? 9n : sample(id));
    expect(m.get(1, 0x21)).toBe(sample(4));
  });

  it("refuse values they cannot hold", () => {
    const cases: [number, bigint][] = [
      [0x23, 4n],
      [0x24, 0x10000n],
      [0x34, 16n],
      [0x50, 0x123n],
      [0x50, 1n << 40n],
      [0x53, 0x800n],
      [0x55, 0x123n],
      [0x55, BigInt(m.h.frames() - 1) << 12n],
      [0x80, 256n],
      [0x81, 256n],
      [0x8b, 512n],
    ];
    for (const [id, value] of cases) expect(m.set(0, id, value), id.toString(16)).toBe(EINVAL);
  });

  it("hold controls at the floor of the kind", () => {
    m.create({ kind: Kind.FULLVIRT, hostPages: 16 });
    expect([m.set(0, 0x53, 0), m.set(0, 0x54, 0)]).toEqual([EPERM, EPERM]);
    expect([m.set(0, 0x53, 3), m.set(0, 0x54, 0xffff_ffff)]).toEqual([0, 0]);
  });
});

describe("entry", () => {
  const bad: [string, number, bigint][] = [
    ["RIP not canonical", 0x20, 1n << 60n],
    ["RFLAGS bit 1 clear", 0x22, 0n],
    ["CR0 without paging", 0x30, 0x33n],
    ["CR0 NW without CD", 0x30, 0xa005_0033n],
    ["CR3 beyond the physical width", 0x32, 1n << 45n],
    ["CR4 without PAE", 0x33, 0x80n],
    ["CR4 reserved", 0x33, (1n << 40n) | 0x20n],
    ["EFER without LMA", 0x35, 0x101n],
    ["IDT base not canonical", 0x42, 1n << 50n],
    ["irq with IF clear", 0x60, 0x8000_0040n],
    ["irq of an exception vector", 0x60, 0x8000_0003n],
    ["#GP without error code", 0x60, 0x8000_030dn],
    ["#UD with error code", 0x60, 0x8000_0b06n],
    ["unknown type", 0x60, 0x8000_0740n],
  ];
  it.each(bad)("%s is BAD_ENTRY and names the field", (_, id, value) => {
    m.h.leave(0);
    m.set(0, id, value);
    expect(m.h.enter(0)).toBe(Step.EXIT);
    expect([m.h.exitReason(0), m.get(0, 0x71), m.get(0, 0x90)]).toEqual([11, BigInt(id), 3n]);
  });

  it("enters guest mode, drains on both ways and counts the exit", () => {
    const va = m.h.directMapOf(m.frame());
    m.value(0, "store64", va, 1);
    m.h.leave(0);
    expect([m.h.bufferCount(0), m.get(0, 0x90), m.get(0, 0x95)]).toEqual([0, 3n, 0n]);
    m.h.bufferStore(0, 0x9000, 8, 5n);
    expect(m.h.enter(0)).toBe(Step.DONE);
    expect([m.h.bufferCount(0), m.get(0, 0x90), m.get(0, 0x95)]).toEqual([0, 2n, 1n]);
  });

  it("injects an event through the guest's IDT", () => {
    const handler = 0xffff_ffff_8100_0040n;
    m.gate(0, 14, handler);
    m.set(0, 0x20, 0xffff_ffff_8f00_0000n);
    m.set(0, 0x21, m.h.directMapOf(m.frame() + 1));
    m.set(0, 0x31, 0x1234n);
    m.h.leave(0);
    m.set(0, 0x60, 0x8000_0b0en);
    m.set(0, 0x61, 2);
    expect(m.h.enter(0)).toBe(Step.JUMP);
    expect([m.get(0, 0x20), m.get(0, 0x31), m.get(0, 0x60)]).toEqual([handler, 0x1234n, 0n]);
    expect(m.words(0, m.get(0, 0x21), 2)).toEqual([2n, 0xffff_ffff_8f00_0000n]);
  });

  it("exits at once for a window that is open", () => {
    m.set(0, 0x53, 64);
    m.set(0, 0x22, 2);
    expect(m.h.enter(0)).toBe(Step.DONE);
    m.set(0, 0x22, 0x202);
    m.set(0, 0x62, 1);
    expect(m.h.windows(0)).toBe(Step.DONE);
    m.set(0, 0x62, 0);
    expect(m.h.windows(0)).toBe(Step.EXIT);
    expect(m.h.exitReason(0)).toBe(7);
  });

  it("tells what was being delivered when an exit came", () => {
    m.gate(0, 0x40, 0xffff_ffff_8100_0040n);
    m.map(0x7000_0000_0000n, 4000, 7n);
    m.set(0, 0x21, 0x7000_0000_0800n);
    m.set(0, 0x22, 0x202);
    m.h.irq(0, 0x40);
    expect(m.h.deliverNow(0)).toBe(Step.EXIT);
    m.h.leave(0);
    expect([m.h.exitReason(0), m.get(0, 0x63)]).toEqual([6, 0x8000_0040n]);
    m.h.enter(0);
    m.run(0, "vmcall");
    m.h.leave(0);
    expect(m.get(0, 0x63)).toBe(0n);
  });
});

describe("full virtualisation", () => {
  const TOKEN = 0xffff_ffff_8f00_0000n;
  const HANDLER = 0xffff_ffff_8100_0040n;
  const STACK = 0x7000_0000_0800n;

  /** A shadow root that equals the guest's own, but for the page under the stack. */
  beforeEach(() => {
    m.create({ kind: Kind.FULLVIRT, hostPages: 16 });
    m.set(0, 0x50, m.get(0, 0x32));
    m.set(0, 0x20, TOKEN);
    m.set(0, 0x21, STACK);
    m.set(0, 0x22, 2);
  });

  it.each([14, 8])(
    "a fault on the way of an injected exception %s exits as itself, with what it interrupted",
    (vector) => {
      m.gate(0, vector, HANDLER);
      m.set(0, 0x60, 0x8000_0b00n | BigInt(vector));
      expect(m.h.enter(0)).toBe(Step.EXIT);
      m.h.leave(0);
      expect([m.h.exitReason(0), m.get(0, 0x70), m.get(0, 0x73)]).toEqual([5, 14n, STACK - 48n]);
      expect(m.get(0, 0x63)).toBe(0x8000_0b00n | BigInt(vector));
    },
  );

  it("the latch of an NMI can be read and taken by the host half", () => {
    m.h.nmi(0);
    expect([m.get(0, 0x62), m.h.pending(0)]).toEqual([4n, -1]);
    m.set(0, 0x62, 2);
    expect(m.get(0, 0x62)).toBe(2n);
  });

  it("a store that faults on its second page says so", () => {
    m.map(0x7000_0000_0000n, 4, 0x67n);
    for (const [va, flags] of [
      [0x7000_0000_0ffcn, 4n],
      [0x7000_0000_1000n, 0n],
    ] as const) {
      expect(m.run(0, "store64", va, 1n)).toBe(Step.FAULT);
      expect(m.h.deliverException(0, 14, true, 2, false)).toBe(Step.EXIT);
      expect([m.get(0, 0x73), m.get(0, 0x77), m.get(0, 0x76)]).toEqual([0x7000_0000_1000n, flags, 1n]);
    }
  });
});
