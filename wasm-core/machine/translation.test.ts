// Permission bits × accesses × control bits against a model written from the architecture manual (SDM vol. 3, 4.6 and 4.7),
// which shares nothing with the machine's code. A seeded sample here; PARLEY_FULL=1 takes the whole product.
import { beforeAll, describe, expect, it } from "vitest";
import { Kind, Machine } from "./testing/machine.ts";

const P = 1n;
const W = 2n;
const U = 4n;
const A = 32n;
const D = 64n;
const PS = 128n;
const G = 256n;
const NX = 1n << 63n;
const RESERVED = 1n << 51n;

interface Controls {
  wp: boolean;
  smep: boolean;
  smap: boolean;
  nxe: boolean;
  ac: boolean;
}

interface Access {
  kind: "read" | "write" | "fetch";
  user: boolean;
}

/** What the manual says of a walk over [PML4E, PDPTE, PDE, PTE] (the last missing for a large page). */
function model(entries: bigint[], access: Access, c: Controls): { error: number } | { written: bigint[] } {
  const code = (present: boolean, reserved: boolean) =>
    (present ? 1 : 0) |
    (access.kind === "write" ? 2 : 0) |
    (access.user ? 4 : 0) |
    (reserved ? 8 : 0) |
    (access.kind === "fetch" && (c.smep || c.nxe) ? 16 : 0);
  for (const [i, entry] of entries.entries()) {
    if (!(entry & P)) return { error: code(false, false) };
    const nxReserved = !c.nxe && (entry & NX) !== 0n;
    const psReserved = i === 0 && (entry & PS) !== 0n;
    const lowReserved = i === 2 && entries.length === 3 && (entry & 0x1f_e000n) !== 0n;
    if (entry & RESERVED || nxReserved || psReserved || lowReserved) return { error: code(true, true) };
  }
  const all = (bit: bigint) => entries.every((entry) => (entry & bit) !== 0n);
  const executable = !c.nxe || entries.every((entry) => (entry & NX) === 0n);
  const userPage = all(U);
  let allowed: boolean;
  if (access.user) {
    allowed = userPage && (access.kind === "read" || (access.kind === "write" ? all(W) : executable));
  } else if (access.kind === "fetch") {
    allowed = executable && !(userPage && c.smep);
  } else {
    const smapForbids = userPage && c.smap && !c.ac;
    allowed = !smapForbids && (access.kind === "read" || all(W) || !c.wp);
  }
  if (!allowed) return { error: code(true, false) };
  return {
    written: entries.map((entry, i) => entry | A | (i === entries.length - 1 && access.kind === "write" ? D : 0n)),
  };
}

/** Small deterministic generator (xorshift32). */
function generator(seed: number) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const leafBits = [P, W, U, A, D, G, NX, RESERVED];
const upperBits = [P, W, U, A, NX, RESERVED];
const accesses: Access[] = (["read", "write", "fetch"] as const).flatMap((kind) => [
  { kind, user: false },
  { kind, user: true },
]);
const controls: Controls[] = Array.from({ length: 32 }, (_, i) => ({
  wp: !!(i & 1),
  smep: !!(i & 2),
  smap: !!(i & 4),
  nxe: !!(i & 8),
  ac: !!(i & 16),
}));
const combine = (bits: bigint[], choice: number) =>
  bits.reduce((sum, bit, i) => sum | ((choice >> i) & 1 ? bit : 0n), 0n);

let m: Machine;
beforeAll(async () => {
  m = await Machine.load();
});

const VA = 0x7f12_3456_7000n;
const accessBits = { read: 0, write: 1, fetch: 2 };

function setControls(c: Controls, user: boolean): void {
  m.set(0, 0x30, 0x8004_0033n | (c.wp ? 1n << 16n : 0n));
  m.set(0, 0x33, 0x6a0n | (c.smep ? 1n << 20n : 0n) | (c.smap ? 1n << 21n : 0n));
  m.set(0, 0x35, 0x501n | (c.nxe ? 1n << 11n : 0n));
  m.set(0, 0x22, 2n | (c.ac ? 1n << 18n : 0n));
  m.set(0, 0x23, user ? 3 : 0);
}

/** Walk `pte` of one table entry set; compares fault code or written tables and translated address. */
function check(entries: bigint[], addresses: number[], access: Access, c: Controls, frame: number): void {
  for (const [i, entry] of entries.entries()) m.poke(addresses[i] as number, entry);
  m.h.hostFlush(0, 0, 0n, 0n);
  setControls(c, access.user);
  const wanted = model(entries, access, c);
  const got = m.translate(0, VA + 0x123n, accessBits[access.kind]);
  const label = () => JSON.stringify({ entries: entries.map((e) => e.toString(16)), access, c });
  if ("error" in wanted) {
    expect(got, label()).toEqual({ ok: false, status: 1, vector: 14, error: wanted.error });
    expect(m.h.faultAddress(0), label()).toBe(VA + 0x123n);
    return;
  }
  expect(got, label()).toEqual({ ok: true, ma: frame * 4096 + 0x123 });
  expect(
    entries.map((_, i) => m.peek(addresses[i] as number)),
    label(),
  ).toEqual(wanted.written);
}

for (const [name, kind] of [
  ["native", Kind.NATIVE],
  ["enlightened", Kind.ENLIGHTENED],
] as const) {
  describe(`translation, ${name}`, () => {
    it("follows the manual for permission bits of every level", () => {
      m.create({ kind });
      const frame = m.frame();
      m.map(VA, frame, 7n);
      const addresses = [4, 3, 2, 1].map((level) => m.entryOf(VA, level));
      const bases = addresses.map((address) => m.peek(address) & 0xff_ffff_f000n);
      const next = generator(0x9e3779b9 + kind);
      const full = process.env.PARLEY_FULL === "1";
      const choices = full ? 256 * 64 : 6000;
      for (let i = 0; i < choices; i++) {
        const leaf = combine(leafBits, full ? i & 255 : next() & 255);
        const uppers = [0, 1, 2].map(() =>
          combine(upperBits, next() & next() & 0b110000 ? next() & 63 : (next() & 63) | (next() & 7) | 1),
        );
        // Mostly upper entries that let the leaf decide.
        const entries = [
          ...uppers.map((bits) => (next() & 3 ? P | W | U : bits & ~(next() & 3 ? RESERVED : 0n))),
          leaf,
        ];
        const all = entries.map((bits, level) => (bases[level] as bigint) | bits);
        const access = accesses[next() % 6] as Access;
        const c = controls[next() % 32] as Controls;
        check(all, addresses, access, c, frame);
      }
    });

    it("takes the full product of the leaf's bits, accesses and controls", () => {
      m.create({ kind });
      const frame = m.frame();
      m.map(VA, frame, 7n);
      const addresses = [4, 3, 2, 1].map((level) => m.entryOf(VA, level));
      const bases = addresses.map((address) => m.peek(address) & 0xff_ffff_f000n);
      const next = generator(7);
      for (let leaf = 0; leaf < 256; leaf++) {
        for (const access of accesses) {
          for (const c of controls) {
            if (process.env.PARLEY_FULL !== "1" && next() % 16) continue;
            const entries = [P | W | U, P | W | U, P | W | U, combine(leafBits, leaf)];
            check(
              entries.map((bits, i) => (bases[i] as bigint) | bits),
              addresses,
              access,
              c,
              frame,
            );
          }
        }
      }
    });

    it("maps 2 MiB pages, with reserved low address bits", () => {
      m.create({ kind });
      m.map(VA, m.frame(), 7n);
      const addresses = [4, 3, 2].map((level) => m.entryOf(VA, level));
      const bases = addresses.slice(0, 2).map((address) => m.peek(address) & 0xff_ffff_f000n);
      const next = generator(11);
      for (let i = 0; i < 2000; i++) {
        const leaf = combine([P, W, U, A, D, NX, 0x2000n, 0x10_0000n], next() & 255 & (next() & 7 ? 0x3f : 0xff)) | PS;
        const entries = [(bases[0] as bigint) | P | W | U, (bases[1] as bigint) | P | W | U, leaf];
        const inPage = Number(VA & 0x1f_f000n) >> 12;
        check(entries, addresses, accesses[next() % 6] as Access, controls[next() % 32] as Controls, inPage);
      }
    });
  });
}

describe("translation", () => {
  it("refuses non-canonical addresses with #GP(0)", () => {
    m.create();
    for (const va of [0x8000_0000_0000n, 0xffff_7fff_ffff_ffffn, 0x1234_0000_0000_0000n]) {
      expect(m.translate(0, va, 0)).toEqual({ ok: false, status: 1, vector: 13, error: 0 });
    }
  });

  it("leaves guest mode for an address behind the second level, and reads all ones on bare metal", () => {
    m.create({ kind: Kind.ENLIGHTENED });
    m.map(VA, 4000, 7n);
    expect(m.translate(0, VA + 8n, 1)).toMatchObject({ ok: false, status: 2 });
    expect(m.h.exitReason(0)).toBe(6);
    expect(m.get(0, 0x74)).toBe(4000n * 4096n + 8n);
    m.create();
    m.map(VA, 4000, 7n);
    expect(m.value(0, "load32", VA)).toBe(0xffff_ffffn);
  });

  it("walks aside without touching A, D or the TLB", () => {
    m.create();
    const frame = m.frame();
    const entry = m.map(VA, frame, 7n);
    const before = m.peek(entry);
    expect(m.h.translateAside(0, VA + 5n, 1)).toBe(BigInt(frame * 4096 + 5));
    expect(m.peek(entry)).toBe(before);
    expect(m.probe(0, VA)).toBe(-1n);
    expect(m.h.translateAside(0, VA + 4096n, 0)).toBe(-3n);
  });
});
