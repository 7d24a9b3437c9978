import { createServer } from "node:net";
import { newStateFolder, removeStateFolder } from "../../e2e/lib/registry.ts";
import { startServer } from "../start/server.mjs";
import { migrateLocal } from "../start/settings.mjs";
import { BACKENDS, BUILDS, load, RUNS } from "./registry/load.mjs";
import { submissions } from "./registry/submissions.mjs";

const MEDIAN_BOUND_MS = 50;
/** 80 % of the bare route's requests per second. */
const TIMES_BOUND = 1.25;

const SAMPLES = 41;
const CLIENTS = 16;
const MEASURE_MS = 400;
const TURNS = 10;

/** Public reads of a full registry: latency by itself, and throughput against a bare route in the same process. */
export async function registry() {
  const stateFolder = newStateFolder();
  let server;
  try {
    await migrateLocal(stateFolder);
    const { run } = await load(stateFolder);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    server = await startServer({ port, url, stateFolder }, { script: "scripts/bench/registry/worker.ts" });
    await server.answers;
    const reads = await measure(url, {
      matrix: "/api/v1/matrix",
      run: `/api/v1/runs/${run}`,
      badge: "/badge/vendor-000/backend-0.svg",
    });
    return [...reads, ...(await submissions(url))];
  } finally {
    await server?.stop();
    removeStateFolder(stateFolder);
  }
}

async function measure(url, paths) {
  const size = `${BACKENDS} backends, ${BUILDS} builds, ${RUNS} runs in the local Worker`;
  const figures = [];
  for (const [name, of] of [
    ["matrix, first page", paths.matrix],
    ["a run", paths.run],
  ]) {
    const how = `median of ${SAMPLES} requests one after the other; ${size}`;
    figures.push({ figure: name, value: await medianMs(`${url}${of}`), bound: MEDIAN_BOUND_MS, unit: "ms", how });
  }
  for (const [name, path] of Object.entries(paths)) {
    const bytes = (await (await fetch(`${url}${path}`)).arrayBuffer()).byteLength;
    // In short turns, so that a busy machine slows both alike.
    const rates = { own: 0, bare: 0, fresh: 0 };
    for (let turn = 0; turn < TURNS; turn++) {
      rates.bare += await requestsPerSecond(`${url}/bare/${bytes}`);
      rates.own += await requestsPerSecond(`${url}${path}`);
      rates.fresh += await requestsPerSecond(`${url}/fresh${path}`);
    }
    const how = `bare Hono route (one D1 round trip, ${bytes} bytes): ${Math.round(rates.bare / TURNS)} requests/s, this: ${Math.round(rates.own / TURNS)}; ${CLIENTS} clients`;
    figures.push({
      figure: `${name}, cost in bare routes`,
      value: rates.bare / rates.own,
      bound: TIMES_BOUND,
      unit: "×",
      how,
    });
    figures.push({
      figure: `${name}, cost in bare routes when the record has changed since`,
      value: rates.bare / rates.fresh,
      unit: "×",
      how: `nothing kept in the isolate: ${Math.round(rates.fresh / TURNS)} requests/s`,
    });
  }
  return figures;
}

async function medianMs(address) {
  const samples = [];
  for (let sample = 0; sample < SAMPLES + 5; sample++) {
    const began = performance.now();
    await read(address);
    samples.push(performance.now() - began);
  }
  // The first ones warm up.
  return samples.slice(5).sort((a, b) => a - b)[(SAMPLES - 1) / 2];
}

async function requestsPerSecond(address) {
  const began = performance.now();
  let done = 0;
  const client = async () => {
    while (performance.now() - began < MEASURE_MS) {
      await read(address);
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return (done * 1000) / (performance.now() - began);
}

async function read(address) {
  // The dev server compresses in the network's place, and a body of one letter costs it nothing: neither is the Worker's.
  const answer = await fetch(address, { headers: { "accept-encoding": "identity" } });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
}

function freePort() {
  return new Promise((resolve, reject) => {
    const listener = createServer();
    listener.once("error", reject);
    listener.listen(0, "127.0.0.1", () => {
      const { port } = listener.address();
      listener.close(() => resolve(port));
    });
  });
}
