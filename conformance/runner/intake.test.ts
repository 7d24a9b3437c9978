import { beforeAll, describe, expect, it } from "vitest";
import { inspectBuild } from "./intake.ts";
import { readSections } from "./sections.ts";
import { listBuilds, openBuiltSuite } from "./testing/builds.ts";
import { manifestOf } from "./testing/small-suite.ts";
import { type ModuleParts, wasmModule } from "./testing/wasm.ts";
import type { BuildParts, Problem, Suite } from "./types.ts";
import type { Vm } from "./vm.ts";

const abi = { name: "abi", type: "()->(i64)" };
const hostExports = [abi, { name: "boot", type: "()->(i32)" }, { name: "exit", type: "(i32,i32)->(i32)" }];
const guest = (parts: ModuleParts = {}) => wasmModule({ ...parts, functions: parts.functions ?? [abi] });
const host = (parts: ModuleParts = {}) => wasmModule({ ...parts, functions: parts.functions ?? hostExports });
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const manifest = json(manifestOf());

let vm: Vm;
let suite: Suite;
beforeAll(async () => {
  ({ vm, suite } = await openBuiltSuite());
});

async function problems(parts: Partial<BuildParts>, vendor?: string): Promise<Problem[]> {
  const inspection = await inspectBuild(
    vm,
    suite,
    { manifest, guest: guest(), host: host(), ...parts },
    vendor === undefined ? {} : { vendor },
  );
  return inspection.ok ? [] : inspection.problems;
}
const codes = async (parts: Partial<BuildParts>) => (await problems(parts)).map(({ code, part }) => `${part} ${code}`);

describe("intake accepts", () => {
  it("every reference and known-bad build, with the ops it exports", async () => {
    for (const { name, parts } of listBuilds()) {
      const inspection = await inspectBuild(vm, suite, parts, { vendor: "parley" });
      expect(inspection, name).toMatchObject({
        ok: true,
        build: { exportsOps: parts.guest ? expect.arrayContaining(["time.sched_clock"]) : [] },
      });
    }
  });

  it("modules made by hand, with imports, memory and exports nobody asked for", async () => {
    const imports = [
      { module: "machine", name: "load64", type: "(i64)->(i64)" },
      { module: "native", name: "irq_disable", type: "()->()" },
    ];
    expect(
      await problems({
        guest: guest({
          imports,
          memory: { min: 1, max: 1 },
          functions: [abi, { name: "extra", type: "(f64)->(f32)" }],
        }),
      }),
    ).toEqual([]);
  });
});

describe("intake refuses", () => {
  it.each([
    ["text", () => new TextEncoder().encode("(module)"), "not-wasm"],
    ["nothing", () => new Uint8Array(), "not-wasm"],
    ["a component", () => new Uint8Array([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]), "not-wasm"],
    [
      "an unknown import",
      () => guest({ imports: [{ module: "machine", name: "teleport", type: "()->()" }] }),
      "unknown-import",
    ],
    [
      "an import of another half's module",
      () => guest({ imports: [{ module: "host", name: "now", type: "()->(i64)" }] }),
      "unknown-import",
    ],
    ["an imported memory", () => guest({ memoryImports: [{ module: "machine", name: "memory" }] }), "unknown-import"],
    [
      "an import of another type",
      () => guest({ imports: [{ module: "machine", name: "load64", type: "(i32)->(i64)" }] }),
      "wrong-signature",
    ],
    ["no abi export", () => guest({ functions: [{ name: "irq_disable", type: "()->()" }] }), "missing-export"],
    [
      "an op of another type",
      () => guest({ functions: [abi, { name: "irq_disable", type: "()->(i32)" }] }),
      "wrong-signature",
    ],
    ["a start function", () => guest({ functions: [abi, { name: "go", type: "()->()" }], start: 1 }), "start-section"],
    ["more memory than any guest half may have", () => guest({ memory: { min: 33 } }), "limit-exceeded"],
    ["more memory than it asks for", () => guest({ memory: { min: 1, max: 2 } }), "memory-too-large"],
    ["more than 1 MiB", () => new Uint8Array(1024 * 1024 + 1), "too-large"],
  ] as [string, () => Uint8Array, string][])("a guest half with %s", async (_, bytes, code) => {
    expect(await codes({ guest: bytes() })).toEqual([`guest ${code}`]);
  });

  it("a host half without its exports, naming each", async () => {
    const found = await problems({ host: host({ functions: [abi] }) });
    expect(found.map((problem) => [problem.part, problem.code, problem.detail.match(/boot|exit/)?.[0]])).toEqual([
      ["host", "missing-export", "boot"],
      ["host", "missing-export", "exit"],
    ]);
  });

  it("a module cut anywhere, with the offset, and survives it", async () => {
    const whole = host({ imports: [{ module: "host", name: "now", type: "()->(i64)" }], memory: { min: 1, max: 1 } });
    for (let length = 0; length < whole.length; length++) {
      const [first] = await problems({ host: whole.subarray(0, length) });
      expect(first, `cut at ${length}`).toMatchObject({
        part: "host",
        code: expect.stringMatching(/^(not-wasm|module-invalid|missing-export)$/),
      });
    }
    expect(await problems({ host: whole })).toEqual([]);
  });

  it("a reference half cut anywhere", async () => {
    const kvm = listBuilds().find((build) => build.name === "kvm");
    const whole = kvm?.parts.guest ?? new Uint8Array();
    expect(whole.length).toBeGreaterThan(1000);
    // The names at the end are a custom section: a module that lacks them whole is still a module.
    const code = readSections(whole).find((section) => section.id === 0)?.offset ?? whole.length;
    for (let length = 0; length < whole.length; length += 7) {
      if (length === code) continue;
      const [first] = await problems({ guest: whole.subarray(0, length) });
      expect(first, `cut at ${length}`).toMatchObject({ part: "guest" });
    }
  });

  it("a module with any byte changed, or accepts it, and never falls over", async () => {
    const whole = guest({
      imports: [{ module: "machine", name: "load64", type: "(i64)->(i64)" }],
      memory: { min: 1, max: 1 },
    });
    for (let at = 8; at < whole.length; at++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const broken = whole.slice();
        broken[at] = (broken[at] ?? 0) ^ flip;
        for (const problem of await problems({ guest: broken })) expect(problem.action.length).toBeGreaterThan(10);
      }
    }
    expect(await problems({})).toEqual([]);
  });

  it("everything at once", async () => {
    const parts = {
      manifest: json({ ...manifestOf(), colour: 1 }),
      guest: new Uint8Array([1]),
      host: host({ functions: [], start: 9 }),
    };
    expect(await codes(parts)).toEqual(["manifest manifest-unknown-key", "guest not-wasm", "host module-invalid"]);
    expect((await problems({}, "other")).map((problem) => problem.code)).toEqual(["vendor-mismatch"]);
  });
});
