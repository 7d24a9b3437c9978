import asc from "assemblyscript/asc";
import { beforeAll, describe, expect, it } from "vitest";
import { readLeb, writeLeb } from "./instructions.ts";
import { instrument } from "./instrument.ts";
import { sample } from "./sample.ts";
import { mutate, type Site, sitesOf } from "./sites.ts";
import { type Module, readModule } from "./wasm.ts";

const source = `
@external("host", "store64") declare function store64(at: i64, v: i64): void;
@external("host", "mfence") declare function mfence(): void;
@external("host", "load64") declare function load64(at: i64): i64;
export function publish(v: i64): i64 {
  store64(8, v);
  mfence();
  store64(16, 1);
  store64(24, 2);
  return load64(8);
}
let chosen: () => i64 = () => 1;
export function throughTable(v: i32): i64 {
  chosen = v ? () => 11 : () => 12;
  return chosen();
}
export function larger(a: i32, b: i32): i32 {
  if (a > b) return a;
  return b;
}
`;

let module: Module;
let sites: Site[];

beforeAll(async () => {
  let bytes = new Uint8Array();
  const { error, stderr } = await asc.main(
    ["m.ts", "--outFile", "m.wasm", "--runtime", "stub", "--noAssert", "-O1", "--debug"],
    {
      readFile: (name: string) => (name === "m.ts" ? source : null),
      writeFile: (name: string, contents: Uint8Array | string) => {
        if (name === "m.wasm") bytes = contents as Uint8Array<ArrayBuffer>;
      },
      listFiles: () => null,
    },
  );
  if (error) throw new Error(stderr.toString());
  module = readModule(bytes);
  sites = sitesOf(module);
});

/** What the module asks of its host, as words, when one of its functions is called. */
async function calls(bytes: Uint8Array<ArrayBuffer>, name: string, ...args: (number | bigint)[]) {
  const log: string[] = [];
  const host = {
    store64: (at: bigint, v: bigint) => void log.push(`store ${at} ${v}`),
    mfence: () => void log.push("fence"),
    load64: (at: bigint) => (log.push(`load ${at}`) > 0 ? 7n : 0n),
  };
  const coverage = { hit: (mark: number) => void log.push(`mark ${mark}`) };
  const { instance } = await WebAssembly.instantiate(bytes, { host, coverage });
  const result = (instance.exports[name] as (...args: unknown[]) => unknown)(...args);
  return [...log, String(result)];
}

const siteNamed = (words: string): Site => {
  const found = sites.find(({ id }) => id.includes(words));
  if (!found) throw new Error(`no site ${words} in\n${sites.map(({ id }) => id).join("\n")}`);
  return found;
};

describe("a mutant", () => {
  const whole = ["store 8 5", "fence", "store 16 1", "store 24 2", "load 8", "7"];
  it.each([
    ["nothing changed", null, whole],
    ["dropped call", "publish dropped call: host.store64", whole.slice(1)],
    ["dropped fence", "publish dropped fence: host.mfence", whole.filter((word) => word !== "fence")],
    ["dropped call with a result", "publish dropped call: host.load64", [...whole.slice(0, 4), "0"]],
    ["off by one", "publish off by one: 7 for 8 in host.store64", ["store 7 5", ...whole.slice(1)]],
    [
      "swapped stores",
      "publish swapped stores: host.store64 and host.store64",
      ["store 8 5", "fence", "store 24 2", "store 16 1", "load 8", "7"],
    ],
  ])("has one thing wrong: %s", async (_, words, expected) => {
    const bytes = words ? mutate(module, siteNamed(words)) : module.bytes.slice();
    expect(await calls(bytes, "publish", 5n)).toEqual(expected);
  });

  it("takes the other branch", async () => {
    expect(await calls(mutate(module, siteNamed("larger negated branch: if on i32.gt_s")), "larger", 3, 2)).toEqual([
      "2",
    ]);
    expect(await calls(module.bytes.slice(), "larger", 3, 2)).toEqual(["3"]);
  });

  it("is a valid module at every site, under a name of its own", () => {
    for (const site of sites) expect(WebAssembly.validate(mutate(module, site)), site.id).toBe(true);
    expect(new Set(sites.map(({ id }) => id)).size).toBe(sites.length);
  });
});

describe("a site's name", () => {
  it("says where the value goes, and which of several it is", () => {
    const names = sites.filter(({ func }) => func === "m/publish").map(({ id }) => id.replace("m/publish ", ""));
    expect(names).toContain("dropped call: host.store64 #3");
    expect(names).toContain("off by one: 15 for 16 in host.store64");
    expect(names).toContain("off by one: 7 for 8 in host.load64");
  });

  it("stays when another function changes", () => {
    const other = sites.find(({ func }) => func !== "m/publish") as Site;
    const changed = sitesOf(readModule(mutate(module, other))).filter(({ func }) => func === "m/publish");
    expect(changed.map(({ id }) => id)).toEqual(sites.filter(({ func }) => func === "m/publish").map(({ id }) => id));
  });
});

describe("marks", () => {
  it("come before what they mark, and change nothing else", async () => {
    const bytes = instrument(module, sites);
    const log = await calls(bytes, "publish", 5n);
    expect(log.filter((word) => !word.startsWith("mark"))).toEqual(await calls(module.bytes.slice(), "publish", 5n));
    const fence = sites.indexOf(siteNamed("dropped fence"));
    expect(log[log.indexOf("fence") - 1]).toBe(`mark ${fence}`);
    const larger = await calls(bytes, "larger", 3, 2);
    expect(larger.at(-1)).toBe("3");
    expect((await calls(bytes, "throughTable", 1)).at(-1)).toBe("11");
    const marked = larger.filter((word) => word.startsWith("mark")).map((word) => sites[Number(word.slice(5))]?.func);
    expect(new Set(marked)).toEqual(new Set(["m/larger"]));
  });
});

describe("a sample", () => {
  it("is fixed by its seed and as large as asked", () => {
    expect(sample(sites, "a", 5)).toEqual(sample([...sites], "a", 5));
    expect(sample(sites, "a", 5)).toHaveLength(5);
    expect(sample(sites, "a", 5)).not.toEqual(sample(sites, "b", 5));
  });

  it("keeps its members when other sites come and go", () => {
    const few = sample(sites, "a", 5);
    const others = sites.filter((site) => !few.includes(site)).slice(0, 3);
    expect(
      sample(
        [...few, ...others].filter((site) => site !== few[0]),
        "a",
        4,
      ),
    ).toEqual(few.slice(1));
  });
});

describe("LEB128", () => {
  it.each([0n, 63n, 64n, -1n, -64n, -65n, 1n << 40n, -(1n << 63n)])("%s there and back", (value) => {
    expect(readLeb(Uint8Array.from(writeLeb(value, true)), 0, true)[0]).toBe(value);
    if (value >= 0n) expect(readLeb(Uint8Array.from(writeLeb(value)), 0)[0]).toBe(value);
  });
});
