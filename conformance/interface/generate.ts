/** Writes what is derived from the catalogue: `conformance/sdk/`, `docs/ops.md`, `docs/coverage.md`, the manifest's JSON Schema. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { coveragePage, importsPage, opsPage } from "./generate-docs.ts";
import { sdkFiles } from "./generate-sdk.ts";
import { cHeaders } from "./generate-sdk-c.ts";
import { manifestJsonSchema } from "./manifest.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every generated file by path relative to the project root. Throws an Error when a clause has no case. */
export function generated(): Map<string, string> {
  return new Map([
    ...sdkFiles(),
    ...cHeaders(),
    ["conformance/interface/manifest.schema.json", manifestJsonSchema()],
    ["docs/ops.md", opsPage()],
    ["docs/imports.md", importsPage()],
    ["docs/coverage.md", coveragePage()],
  ]);
}

/** Writes the files that differ; returns their paths. */
export function generate(): string[] {
  const changed: string[] = [];
  for (const [path, text] of generated()) {
    const target = join(root, path);
    if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    changed.push(path);
  }
  return changed;
}

if (import.meta.main) for (const path of generate()) console.log(`generated ${path}`);
