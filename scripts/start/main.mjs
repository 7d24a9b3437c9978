// `npm start` on Node 24: build, migrate, serve, seed, then sweep once a minute until a signal comes.

import { sweep } from "./api.mjs";
import { ensureSecrets } from "./secrets.mjs";
import { demo as demoBuild, seed } from "./seed.mjs";
import { startServer } from "./server.mjs";
import { localSettings, migrateLocal } from "./settings.mjs";

const SWEEP_MS = 60_000;
const began = Date.now();
let server = null;
let ending = null;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => end(0));

try {
  await start();
} catch (error) {
  // A request that failed because we are ending is no news.
  if (!ending) {
    // Our own errors say what to do; others are bugs, and their place matters.
    console.error(`parley: ${error.constructor === Error ? error.message : error.stack}`);
    await end(1);
  }
}

async function start() {
  const settings = localSettings();
  say("building core.wasm, kernel and reference builds, and migrating the local D1 …");
  const { ensureSuiteBuilt } = await import("../build.mjs");
  // Neither needs the other, and there are two cores.
  await Promise.all([ensureSuiteBuilt(say, [demoBuild.backend]), migrateLocal(settings.stateFolder)]);
  const secrets = await ensureSecrets();
  say("starting the Worker …");
  server = await startServer(settings, { onExit: (code) => end(code || 1, "the local Worker ended by itself") });
  await server.answers;
  if (ending) return;
  say(`answers on ${settings.url}`);
  await sweep(settings.url, "start");
  const sweepAgain = () => sweep(settings.url).catch((error) => ending ?? console.error(`parley: ${error.message}`));
  setInterval(sweepAgain, SWEEP_MS);
  const demo = await seed(settings, secrets, say);
  console.log(announcement(settings, secrets, demo));
}

async function end(code, reason) {
  if (reason) console.error(`parley: ${reason}`);
  ending ??= (async () => {
    await server?.stop();
    process.exit(code);
  })();
  await ending;
}

function say(line) {
  const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(5);
  console.log(`parley ${seconds} s  ${line}`);
}

function announcement({ url }, { mediatorToken }, demo) {
  return `
Parley is ready:   ${url}
Mediator token:    ${mediatorToken}   (this machine only)
Submit a build, in this folder, as the made-up vendor "${demo.vendor}": a KVM model with an old bug put back, so it will fail.

curl -H 'Authorization: Bearer ${demo.token}' -F manifest=@${demo.folder}/parley.json -F guest=@${demo.folder}/guest.wasm -F host=@${demo.folder}/host.wasm ${url}/api/v1/builds

Ctrl-C stops it; the next start goes on where this one stopped.
`;
}
