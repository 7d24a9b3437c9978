/** Reads what a run needs from disk: VM, suite and build. Builds first what is missing or out of date. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { digestOf } from "../runner/digest.ts";
import { RunnerError } from "../runner/errors.ts";
import { openSuite } from "../runner/suite.ts";
import type { BuildParts, Suite } from "../runner/types.ts";
import { createVm, type Vm } from "../runner/vm.ts";

const root = new URL("../../", import.meta.url);

/** Compiles and packs through scripts/build.mjs; `progress` gets a line for each step. */
export async function ensureBuilt(progress: (line: string) => void): Promise<void> {
  const script = new URL("scripts/build.mjs", root).href;
  const { ensureBuilt: build } = (await import(script)) as {
    ensureBuilt(progress: (line: string) => void): Promise<unknown>;
  };
  await build(progress);
}

/** @throws RunnerError "core-mismatch" if core.wasm is not the one the suite was made with */
export async function loadSuiteAndVm(): Promise<{ vm: Vm; suite: Suite }> {
  const core = read(new URL("wasm-core/build/core.wasm", root));
  const suite = await openSuite(read(new URL("conformance/build/suite.bin", root)));
  const digest = await digestOf(core);
  if (digest !== suite.core)
    throw new RunnerError(
      "core-mismatch",
      `core.wasm is ${digest}, the suite was made with ${suite.core}: run npm run build.`,
    );
  return { vm: await createVm(await WebAssembly.compile(core)), suite };
}

/** The files of a build; what is not there is left for intake to complain about. */
export function readBuild(directory: string): BuildParts {
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new RunnerError(
      "no-directory",
      `${directory} is not a directory: give the one that holds parley.json and the halves.`,
    );
  const part = (name: string) => (existsSync(join(directory, name)) ? read(join(directory, name)) : undefined);
  return {
    manifest: part("parley.json") ?? null,
    guest: part("guest.wasm"),
    host: part("host.wasm"),
    rom: part("rom.wasm"),
  };
}

function read(path: string | URL): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(path instanceof URL ? fileURLToPath(path) : path));
}
