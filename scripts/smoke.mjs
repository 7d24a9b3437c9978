// Starts `npm start` in a folder and on a port of its own, submits a build with the very curl line it prints, reads the
// result back, and stops it again. Exit code 0 only if all of that worked.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { newStateFolder, removeStateFolder, root, startRegistry } from "../e2e/lib/registry.ts";
import { bearer, buildForm, call, waitForRun } from "./start/api.mjs";

const began = Date.now();
const stateFolder = newStateFolder();
const registry = await startRegistry(stateFolder);
try {
  say(`${registry.url} is ready`);
  const { run, build } = await submitAsPrinted();
  say(`submitted ${build.digest} as run ${run.id}`);
  const view = await waitForRun(registry.url, run.id);
  const report = await call(registry.url, `/api/v1/runs/${run.id}/report`);
  if (view.state !== "published" || report.build !== build.digest)
    throw new Error(`run ${run.id} ended as ${view.state}`);
  const { held, of } = report.summary.core;
  say(`report ${view.reportDigest}: conforms ${report.summary.conforms}, ${held} of ${of} core clauses held`);
} catch (error) {
  console.error(`smoke: ${error.message}\n${registry.output()}`);
  process.exitCode = 1;
} finally {
  await registry.stop("SIGTERM", "npm");
  removeStateFolder(stateFolder);
}

/** With the printed line where there is a curl, else with the same request by fetch. */
async function submitAsPrinted() {
  const line = registry.output().match(/^curl .*$/m)?.[0];
  if (!line) throw new Error("npm start printed no curl line");
  try {
    return JSON.parse(
      execFileSync("sh", ["-c", `${line} --silent --show-error --fail-with-body`], { cwd: root, encoding: "utf8" }),
    );
  } catch (error) {
    if (error.status !== 127) throw error;
    say("no curl here, sending the same request without it");
    const body = buildForm(join(root, ".wrangler/demo"));
    return call(registry.url, "/api/v1/builds", { method: "POST", headers: bearer(registry.tokens.demo), body });
  }
}

function say(line) {
  console.log(`smoke ${((Date.now() - began) / 1000).toFixed(1)} s  ${line}`);
}
