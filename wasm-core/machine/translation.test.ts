// Translation: a seeded sample of the product that `npm run -s translation` takes whole, and what the product does not vary.
import { beforeAll, describe, expect, it } from "vitest";
import { Kind, Machine } from "./testing/machine.ts";
import { type KindName, kinds, PARTS, Product } from "./testing/product.ts";

let m: Machine;
let product: Product;
beforeAll(async () => {
  m = await Machine.load();
  product = await Product.load();
});

const VA = 0x7f12_3456_7000n;

describe.each(Object.keys(kinds) as KindName[])("permission bits × accesses × control bits, %s", (kind) => {
  it("follow the architecture manual at every level", () => {
    let checked = 0;
    for (let part = 0; part < PARTS; part++) {
      const result = product.run(kind, part, { every: 149, seed: 20 + part });
      expect(result.first).toBeNull();
      checked += result.checked;
    }
    expect(checked).toBeGreaterThan(400_000);
  });
});

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
