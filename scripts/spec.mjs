// npm run -s spec -- DIR: runs a folder of official WebAssembly tests; the last line is "N passed, N failed", or "not run".
import { existsSync } from "node:fs";
import { Engine } from "../wasm-core/engine/testing/engine.ts";
import { runSpecFolder, specFolders } from "../wasm-core/engine/testing/spec.ts";

const directory = process.argv[2];
const quiet = process.argv.includes("--quiet");
const sliceAt = process.argv.indexOf("--slice");
if (!directory || !existsSync(directory) || specFolders(directory).length === 0) {
  console.log("not run");
} else {
  const engine = await Engine.create();
  const size = sliceAt > 0 ? Number(process.argv[sliceAt + 1]) : 1_000_000;
  let passed = 0;
  let failed = 0;
  let fuel = 0;
  for (const folder of specFolders(directory)) {
    const result = runSpecFolder(engine, folder, () => size);
    passed += result.passed;
    failed += result.failed.length;
    fuel += result.fuel;
    for (const line of quiet ? [] : result.failed) console.log(line);
  }
  console.log(`fuel ${fuel}`);
  console.log(`${passed} passed, ${failed} failed`);
  if (failed > 0) process.exitCode = 1;
}
