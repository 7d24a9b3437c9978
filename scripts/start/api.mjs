// The few calls of the HTTP API that the starter, the bench and the end-to-end tests make.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const halves = ["guest", "host", "rom"];

/** One call with JSON answer; throws an Error with the problem's title, detail and status unless it is 2xx. */
export async function call(url, path, init = {}) {
  const answer = await fetch(`${url}${path}`, init);
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text);
  throw Object.assign(new Error(`${init.method ?? "GET"} ${path} answered ${answer.status}: ${text}`), {
    status: answer.status,
  });
}

export function bearer(token) {
  return { authorization: `Bearer ${token}` };
}

/** The multipart body of `POST /api/v1/builds` for a build folder (`parley.json` and its halves beside it). */
export function buildForm(folder, manifestText = readFileSync(join(folder, "parley.json"), "utf8")) {
  const form = new FormData();
  form.set("manifest", new Blob([manifestText], { type: "application/json" }), "parley.json");
  for (const half of halves) {
    const path = join(folder, `${half}.wasm`);
    if (existsSync(path)) form.set(half, new Blob([readFileSync(path)], { type: "application/wasm" }), `${half}.wasm`);
  }
  return form;
}

/** Submits a build folder. @returns {Promise<{build: {digest: string}, run: {id: string, url: string}}>} */
export function submit(url, token, folder, manifestText) {
  return call(url, "/api/v1/builds", { method: "POST", headers: bearer(token), body: buildForm(folder, manifestText) });
}

export function isFinal(state) {
  return state === "published" || state === "abandoned" || state === "cancelled";
}

/**
 * Follows a run by its server-sent events until it is final or the time is up; polling would slow it, since shards give way to requests.
 * @param {{timeout_ms?: number, onProgress?: (progress: object) => void}} [options] onProgress gets the Progress of each event
 * @returns {Promise<object>} the RunView of worker/registry/views.ts
 */
export async function waitForRun(url, id, { timeout_ms = 60_000, onProgress = () => {} } = {}) {
  const signal = AbortSignal.timeout(timeout_ms);
  try {
    for await (const progress of progressOf(`${url}/api/v1/runs/${id}/live`, signal)) onProgress(progress);
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  const view = await call(url, `/api/v1/runs/${id}`);
  if (isFinal(view.state)) return view;
  throw new Error(`run ${id} is still ${view.state} after at most ${timeout_ms / 1000} s; see ${url}/runs/${id}`);
}

/** `data` of each event of a stream, as worker/live/events.ts writes them. */
async function* progressOf(address, signal) {
  const answer = await fetch(address, { signal });
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}: ${await answer.text()}`);
  let rest = "";
  for await (const chunk of answer.body.pipeThrough(new TextDecoderStream())) {
    const events = (rest + chunk).split("\n\n");
    rest = events.pop();
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      if (data) yield JSON.parse(data);
    }
  }
}

/**
 * Makes the sweeper do all work that is due; in production the cron trigger does this every minute.
 * @param {"* * * * *" | "start"} [cron] "start": this server is new, so nobody works on what is marked as being worked on
 */
export async function sweep(url, cron = "* * * * *") {
  const answer = await fetch(`${url}/cdn-cgi/local/scheduled?${new URLSearchParams({ cron })}`);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`the sweeper answered ${answer.status}: ${text}`);
}
