// One worker thread of the AssemblyScript pool: compiles one job at a time through asc's JavaScript API.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parentPort } from "node:worker_threads";
import asc from "assemblyscript/asc";

parentPort.on("message", async (job) => parentPort.postMessage(await compile(job)));

/** @param {{root: string, entry: string, out: string, args: string[], edits: {file: string, find: string, replace: string}[]}} job */
async function compile(job) {
  const partial = `${job.out}.${process.pid}.partial`;
  const edited = applyEdits(job);
  if (edited.error) return { error: edited.error };
  const output = new Map();
  const { error, stderr } = await asc.main([job.entry, "--baseDir", job.root, "--outFile", "out.wasm", ...job.args], {
    readFile: (name, baseDir) => {
      const path = resolve(baseDir, name);
      return edited.files.get(path) ?? (existsSync(path) ? readFileSync(path, "utf8") : null);
    },
    writeFile: (name, contents) => void output.set(name, contents),
    listFiles: () => null,
  });
  if (error) return { error: `${job.entry}: ${stderr.toString() || error.message}` };
  const out = join(job.root, job.out);
  mkdirSync(dirname(out), { recursive: true });
  for (const [name, contents] of output) {
    const suffix = name.slice("out.wasm".length);
    const target = name === "out.wasm" ? out : `${out}${suffix || `.${name.split(".").pop()}`}`;
    writeFileSync(join(job.root, partial), contents);
    renameSync(join(job.root, partial), target);
  }
  return { bytes: output.get("out.wasm").length };
}

/** An edit must match exactly once, so that a sabotage or mutant cannot rot into a copy of its correct twin. */
function applyEdits(job) {
  const files = new Map();
  for (const edit of job.edits ?? []) {
    const path = join(job.root, edit.file);
    const text = files.get(path) ?? readFileSync(path, "utf8");
    const found = text.split(edit.find).length - 1;
    if (found !== 1) return { error: `${edit.file}: edit matches ${found} times, must match once: ${edit.find}` };
    files.set(
      path,
      text.replace(edit.find, () => edit.replace),
    );
  }
  return { files };
}
