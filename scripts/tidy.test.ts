// House rules that a machine can hold: direction of imports (docs/architecture.md), sizes, lock file, no machine paths.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const LINES_MAX = 400;

/** Tracked and new files, without what .gitignore names. */
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const sources = files.filter((path) => /\.(ts|tsx|mjs)$/.test(path));
const read = (path: string) => readFileSync(join(root, path), "utf8");

interface Import {
  from: string;
  /** Path inside the project, or the package's name. */
  to: string;
}

function importsOf(path: string): Import[] {
  const statements = read(path).matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^;'"]*?from\s*["']([^"']+)["']|import\(\s*["']([^"']+)["']|(?:^|\n)import\s*["']([^"']+)["']/g,
  );
  return Array.from(statements, (match) => {
    const to = match[1] ?? match[2] ?? match[3] ?? "";
    return { from: path, to: to.startsWith(".") ? normalize(join(dirname(path), to)) : to };
  });
}

const isTest = (path: string) => /\.test\.tsx?$/.test(path) || path.includes("/testing/");
const under = (...folders: string[]) => sources.filter((path) => folders.some((folder) => path.startsWith(folder)));
const product = (...folders: string[]) => under(...folders).filter((path) => !isTest(path));
const breaking = (paths: string[], forbidden: RegExp) =>
  paths
    .flatMap(importsOf)
    .filter(({ to }) => forbidden.test(to))
    .map(({ from, to }) => `${from} imports ${to}`);

const cloudflare = /^(cloudflare:|@cloudflare\/|wrangler$|miniflare|drizzle-orm|hono)/;
const node = /^(node:|fs$|path$|crypto$|os$|child_process$)/;

describe("direction of imports", () => {
  it("reads imports at all", () => {
    expect(importsOf("scripts/tidy.test.ts").map(({ to }) => to)).toContain("vitest");
    expect(importsOf("scripts/start.mjs").map(({ to }) => to)).toContain("scripts/lib/toolchain.mjs");
  });

  it("wasm-core imports nothing of conformance or worker", () => {
    expect(breaking(product("wasm-core/"), /^(conformance|worker)\//)).toEqual([]);
  });

  it("conformance imports nothing of worker", () => {
    expect(breaking(product("conformance/"), /^worker\//)).toEqual([]);
  });

  it("neither wasm-core nor conformance imports anything of Cloudflare's", () => {
    expect(breaking(product("wasm-core/", "conformance/"), cloudflare)).toEqual([]);
  });

  it("the runner's core imports neither Node nor the command line", () => {
    expect(breaking(product("conformance/runner/"), node)).toEqual([]);
    expect(breaking(product("conformance/runner/"), /^(conformance\/cli|scripts)\//)).toEqual([]);
  });

  it("the worker reaches the machine only through the runner", () => {
    // core.wasm itself is handed to the runner by the one module that owns the VM.
    expect(breaking(product("worker/"), /^wasm-core\/(?!build\/core\.wasm$)/)).toEqual([]);
  });

  it("the product imports no script", () => {
    expect(
      breaking(product("wasm-core/", "conformance/", "worker/"), /^scripts\//).filter(
        (line) => !/^conformance\/cli\//.test(line),
      ),
    ).toEqual([]);
  });

  it("wasm-core names no op", () => {
    const names = product("wasm-core/").filter((path) =>
      /\b(mmu_set_pte|lock_kick|irq_safe_halt|mmu\.set_pte|lock\.kick)\b/.test(read(path)),
    );
    expect(names).toEqual([]);
  });
});

describe("sources", () => {
  it(`no file that people write has more than ${LINES_MAX} lines`, () => {
    const long = sources
      .filter((path) => !/^conformance\/sdk\/|\/generated\//.test(path))
      .map((path) => ({ path, lines: read(path).split("\n").length }));
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  it("names no path of anybody's machine", () => {
    const text = files.filter(
      (path) => /\.(ts|tsx|mjs|md|json|toml|sql)$/.test(path) && path !== "scripts/tidy.test.ts",
    );
    expect(text.filter((path) => /\/(home|Users|root|work)\/[a-z]/.test(read(path)))).toEqual([]);
  });

  it("leaves no note to finish something later", () => {
    const marks = new RegExp(`\\b(${["TO" + "DO", "FIX" + "ME", "X" + "XX"].join("|")})\\b`);
    expect(sources.filter((path) => marks.test(read(path)))).toEqual([]);
  });

  it("every test file expects something", () => {
    const tests = sources.filter((path) => /\.test\.tsx?$/.test(path));
    expect(tests.length).toBeGreaterThan(5);
    expect(tests.filter((path) => !/\bexpect(\(|\.|TypeOf)|\bassert\b/.test(read(path)))).toEqual([]);
  });
});

describe("lock file", () => {
  const lock = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { resolved?: string; version?: string }>;
  };

  it("names no host, so that every registry can serve it", () => {
    expect(Object.values(lock.packages).filter((entry) => entry.resolved?.includes("://"))).toEqual([]);
  });

  it("is for exact versions of package.json", () => {
    const wanted = JSON.parse(read("package.json")) as Record<
      "dependencies" | "devDependencies",
      Record<string, string>
    >;
    for (const [name, version] of Object.entries({ ...wanted.dependencies, ...wanted.devDependencies })) {
      expect(lock.packages[`node_modules/${name}`]?.version, name).toBe(version);
    }
  });

  it("has one copy of what must not be there twice", () => {
    for (const name of ["workerd", "miniflare", "esbuild"]) {
      const copies = Object.keys(lock.packages).filter((path) => path.endsWith(`node_modules/${name}`));
      expect(copies, name).toHaveLength(1);
    }
  });
});
