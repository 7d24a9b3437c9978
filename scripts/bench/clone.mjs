import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { root, startRegistry } from "../../e2e/lib/registry.ts";

const BOUND_S = 120;

/** `git clone` and `npm start` of the last commit, with npm's cache as it is: installs, builds, migrates, seeds. */
export async function clone() {
  const folder = mkdtempSync(join(tmpdir(), "parley-clone-"));
  const project = join(folder, "parley");
  try {
    const began = Date.now();
    execFileSync("git", ["clone", "--quiet", root, project], { stdio: "inherit" });
    const registry = await startRegistry(join(folder, "state"), { project });
    const seconds = (Date.now() - began) / 1000;
    await registry.stop("SIGTERM", "npm");
    const how =
      "git clone of HEAD into an empty folder and npm start there until it says ready; npm cache warm if npm ci ran here before";
    return [{ figure: "fresh clone is seeded", value: seconds, bound: BOUND_S, unit: "s", how }];
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
