/** Writes what is derived from the catalogue: `conformance/sdk/as/*`, `docs/ops.md`, `docs/coverage.md`, the manifest's JSON Schema. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { sdkFiles } from "./generate-sdk.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Every generated file by path relative to the project root. */
export async function generated(): Promise<Map<string, string>> {
  return new Map([...sdkFiles()]);
}

/** Writes the files that differ; returns their paths. */
export async function generate(): Promise<string[]> {
  const changed: string[] = [];
  for (const [path, text] of await generated()) {
    const target = join(root, path);
    if (existsSync(target) && readFileSync(target, "utf8") === text) continue;
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, text);
    changed.push(path);
  }
  return changed;
}

if (import.meta.main) for (const path of await generate()) console.log(`generated ${path}`);
