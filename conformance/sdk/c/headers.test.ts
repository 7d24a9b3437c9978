import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureBuilt } from "../../../scripts/build.mjs";
import { inspected, openBuiltSuite, readParts, runWhole } from "../../runner/testing/builds.ts";

const folder = fileURLToPath(new URL("./", import.meta.url));
const headers = ["machine", "native", "host", "pvi", "info"] as const;
const text = Object.fromEntries(headers.map((name) => [name, readFileSync(`${folder}${name}.h`, "utf8")]));

/** `module.function` for each prototype that imports. */
function declaredImports(): string[] {
  return headers.flatMap((name) =>
    [...(text[name] ?? "").matchAll(/^PARLEY_(\w+)_IMPORT\((\w+)\) \w+ (\w+)\(/gm)].map(([, module, item, c]) => {
      expect(c).toBe(`${module?.toLowerCase()}_${item}`);
      return `${module?.toLowerCase()}.${item}`;
    }),
  );
}

function compiled(half: "guest" | "host"): WebAssembly.Module {
  return new WebAssembly.Module(readFileSync(`${folder}example/${half}.wasm`));
}

describe("the example in C", () => {
  beforeAll(() => ensureBuilt(() => {}), 120_000);

  it.each(["guest", "host"] as const)("%s: imports and exports what the headers declare", (half) => {
    const imports = WebAssembly.Module.imports(compiled(half)).map((one) => `${one.module}.${one.name}`);
    expect(imports.length).toBeGreaterThan(8);
    const declared = declaredImports();
    for (const name of imports) expect(declared).toContain(name);
    const exports = WebAssembly.Module.exports(compiled(half)).filter(({ kind }) => kind === "function");
    expect(exports.length).toBeGreaterThan(3);
    const header = half === "guest" ? text.pvi : text.host;
    for (const { name } of exports) expect(header).toContain(`export_name("${name}")`);
  });

  it("lets the VM lower the guest half's stack around nested entries", () => {
    expect(WebAssembly.Module.exports(compiled("guest"))).toContainEqual({ name: "__stack_pointer", kind: "global" });
  });

  it("passes intake, boots, and realises its ops", async () => {
    const { vm, suite } = await openBuiltSuite();
    const build = await inspected(vm, suite, readParts(`${folder}example`));
    const { ops } = await runWhole(vm, suite, build);
    const exported = WebAssembly.Module.exports(compiled("guest")).map(({ name }) => name.replace("_", "."));
    const own = ops.filter(({ id }) => exported.includes(id));
    expect(own.map(({ id }) => id)).toContain("lock.wait");
    for (const { id, verdict } of own) expect(verdict, id).toBe("pass");
  });
});

describe("numbers in C", () => {
  it.each([
    ["host", "HOST_ACTION_ENTER 0"],
    ["machine", "MACHINE_RFLAGS_IF 512"],
    ["info", "E_INVAL (-1)"],
    // 0xFFFF8880_00000000
    ["info", "DIRECT_MAP (-INT64_C(131391639519232))"],
    ["pvi", "PVI_VERSION 65536"],
  ])("%s.h: %s", (header, line) => {
    expect(text[header]).toContain(`#define ${line}\n`);
  });
});
