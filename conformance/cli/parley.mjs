#!/usr/bin/env node
// The `parley` command. Started by any Node from 20 on, it goes on in the project's own Node, which runs TypeScript.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { install, nodePath } from "../../scripts/lib/toolchain.mjs";

await install();
const main = fileURLToPath(new URL("./main.ts", import.meta.url));
if (process.features.typescript) await import("./main.ts");
else {
  const child = spawn(nodePath(), [main, ...process.argv.slice(2)], { stdio: "inherit" });
  // The terminal signals the child as well; this process only has to outlive it and pass on what was sent to it alone.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
}
