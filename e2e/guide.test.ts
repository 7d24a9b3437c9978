import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { mismatch, type Step, stepsOf } from "./lib/guide.ts";
import { root } from "./lib/registry.ts";

const steps = stepsOf(readFileSync(join(root, "docs/write-a-backend.md"), "utf8"));
/** The only thing that is not done word for word: the registry of these tests has a port of its own. */
const address = "http://127.0.0.1:8787";
const home = mkdtempSync(join(tmpdir(), "parley-guide-"));
afterAll(() => rmSync(home, { recursive: true }));

const has = (tool: string | null) => tool === null || spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0;

describe("docs/write-a-backend.md, followed word for word", () => {
  it.each(steps.map((step) => [`line ${step.line}, ${titleOf(step)}`, step] as const))("%s", (_, step) => {
    if (step.kind === "file") writeFileSync(join(home, "acme-hv", step.name), step.text);
    else if (has(step.needs)) follow(step);
  });
});

function titleOf(step: Step): string {
  return step.kind === "file" ? step.name : (step.text.split("\n")[0] ?? "");
}

function follow(step: Extract<Step, { kind: "commands" }>): void {
  const saved = join(home, ".variables");
  const script = `set -eu -o pipefail
if [ -e ${saved} ]; then . ${saved}; fi
trap 'declare -p URL TOKEN RUN > ${saved} 2> /dev/null || true' EXIT
${step.text.replaceAll(address, inject("url"))}`;
  const env = {
    ...process.env,
    HOME: home,
    NO_COLOR: "1",
    FORCE_COLOR: undefined,
    npm_config_update_notifier: "false",
  };
  const { status, stdout, stderr } = spawnSync("bash", ["-c", script], { cwd: root, env, encoding: "utf8" });
  expect(status, `${stdout}\n${stderr}`).toBe(step.exit);
  if (step.prints !== null) expect(mismatch(step.prints, stdout), stdout).toBeNull();
}
