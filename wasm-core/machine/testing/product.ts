// The translation product in parts: what scripts/translation.mjs runs whole and translation.test.ts a seeded sample of.
import { accessJob, type Harness, loadHarness } from "./build.ts";

/** Kinds whose walks start at CR3: natively, and behind the second level. */
export const kinds = { native: 0, enlightened: 1 } as const;
export type KindName = keyof typeof kinds;
/** Parts of a kind's product: of permissions, then accessed and dirty. */
export const PARTS = 10;

export interface Sample {
  /** One check in this many; 1 is the whole product. */
  every: number;
  seed: number;
}

export interface PartResult {
  checked: number;
  failed: number;
  /** The first disagreement in words, null if there was none. */
  first: string | null;
}

export class Product {
  readonly #h: Harness;

  private constructor(harness: Harness) {
    this.#h = harness;
  }

  static async load(): Promise<Product> {
    return new Product(await loadHarness(accessJob));
  }

  run(kind: KindName, part: number, { every, seed }: Sample): PartResult {
    const h = this.#h;
    if (!h.prepare(kinds[kind])) throw new Error("the machine of the translation product does not fit into memory");
    if (part === PARTS - 1) h.accessedDirty(every, seed);
    else h.permissions(part, every, seed);
    const failed = Number(h.failed.value);
    return { checked: Number(h.checked.value), failed, first: failed ? this.#words(kind) : null };
  }

  #words(kind: KindName): string {
    const h = this.#h;
    const access = h.firstAccess.value;
    const controls = h.firstControls.value;
    const names = ["WP", "SMEP", "SMAP", "NXE", "AC", "PGE", "PCIDE"].filter((_, i) => (controls >> i) & 1);
    const entries = [0, 1, 2, 3].map((i) => BigInt.asUintN(64, h.firstEntry(i)).toString(16));
    const mode = ["supervisor", "user", "implicit"][access >> 2];
    const got = h.firstGot.value;
    const seen = got >= 0 ? `a page fault with error code ${got}` : `the answer ${-1 - got}`;
    return `${kind}: ${mode} ${["read", "write", "fetch"][access & 3]} through ${entries.join(" ")} with ${names.join(" ") || "no control bit"}: got ${seen}, which the manual does not say, or A and D are wrong`;
  }
}
