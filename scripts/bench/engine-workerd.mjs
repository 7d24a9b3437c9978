// The benchmark programs inside workerd. A Worker's clock stands still while it computes, so the time is taken outside.
import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import workerd from "workerd";
import { benchFile } from "./engine-build.mjs";

/** @returns {Promise<{time: (name: string, side: string, turns: number) => Promise<{ms: number, answer: number}>, stop: () => Promise<void>}>} */
export async function startWorkerd(names) {
  const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
  writeFileSync(join(folder, "config.capnp"), writeModules(folder, names));
  // The control channel tells which port was free.
  const child = spawn(workerd.default, ["serve", "--control-fd=3", "config.capnp"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const port = await Promise.race([
    listening(child.stdio[3]),
    ended.then((code) => Promise.reject(new Error(`workerd ended with ${code}`))),
  ]);
  const ask = async (query) => {
    const began = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}${query}`);
    const text = await response.text();
    if (!response.ok) throw new Error(`workerd answered ${response.status}: ${text}`);
    return { ms: performance.now() - began, text };
  };
  return {
    async time(name, side, turns) {
      // Empty requests just before show what the way there and back costs.
      const ways_ms = [await ask("/"), await ask("/"), await ask("/")].map(({ ms }) => ms).sort((a, b) => a - b);
      const { ms, text } = await ask(`/?name=${name}&side=${side}&turns=${turns}`);
      return { ms: Math.max(0.01, ms - ways_ms[1]), answer: Number(text) };
    },
    async stop() {
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function listening(control) {
  return new Promise((resolve) => {
    let text = "";
    control.on("data", (chunk) => {
      text += chunk;
      const port = /"event":"listen".*"port":(\d+)/.exec(text)?.[1];
      if (port) resolve(port);
    });
  });
}

/** Puts the Worker's modules into the folder; answers workerd's configuration. */
function writeModules(folder, names) {
  const modules = [];
  const add = (name, kind) => modules.push(`(name = "${name}", ${kind} = embed "${name}")`);
  for (const [name, file] of [
    ["worker.mjs", "engine-worker.mjs"],
    ["side.mjs", "engine-side.mjs"],
  ]) {
    copyFileSync(fileURLToPath(new URL(file, import.meta.url)), join(folder, name));
    add(name, "esModule");
  }
  writeFileSync(join(folder, "programs.mjs"), programsText(names));
  add("programs.mjs", "esModule");
  for (const name of ["harness", "host", ...names]) {
    writeFileSync(join(folder, `${name}.wasm`), benchFile(name));
    add(`${name}.wasm`, "wasm");
  }
  for (const name of names) {
    writeFileSync(join(folder, `${name}.bin`), benchFile(name));
    add(`${name}.bin`, "data");
  }
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (compatibilityDate = "2026-08-15", modules = [
  ${modules.join(",\n  ")}
]);
`;
}

/** Text of the module that holds every program twice: compiled for V8, as bytes for the engine. */
function programsText(names) {
  const imports = names.flatMap((name, i) => [`import n${i} from "${name}.wasm";`, `import b${i} from "${name}.bin";`]);
  return `${imports.join("\n")}
export const native = { ${names.map((name, i) => `${name}: n${i}`).join(", ")} };
export const bytes = { ${names.map((name, i) => `${name}: new Uint8Array(b${i})`).join(", ")} };
`;
}
