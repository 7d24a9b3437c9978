import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../lib/toolchain.mjs";

const BOUND_S = 180;

/** Duration of the last whole `npm test`: running it here would double the bench. */
export async function tests() {
  const record = join(root, "node_modules/.cache/parley-test.json");
  const last = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")) : null;
  const how = last
    ? `wall clock of the last whole npm test here, ${last.at}`
    : "run npm test once; it records its duration";
  return [{ figure: "npm test", value: last?.seconds ?? null, bound: BOUND_S, unit: "s", how }];
}
