/**
 * Browser module of the run page: follows the run by server-sent events while it is unfinished, polls its JSON where those do
 * not come through, and adds copy buttons.
 * Without it the page works the same: `noscript` refreshes, and a click selects the whole string.
 */
export const liveModule = `
const POLL_MS = 500;
const run = document.querySelector("[data-run]");
if (run) follow();

function follow() {
  const events = new EventSource(run.dataset.live);
  events.addEventListener("state", (event) => show(JSON.parse(event.data)));
  events.addEventListener("end", () => location.reload());
  events.addEventListener("error", () => {
    // Otherwise the browser reconnects by itself.
    if (events.readyState === EventSource.CLOSED) poll();
  });
}

async function poll() {
  try {
    const answer = await fetch(run.dataset.run, { headers: { accept: "application/json" } });
    if (answer.ok) show(await answer.json());
  } catch {
    // The server may be restarting; the next poll tells.
  }
  setTimeout(poll, POLL_MS);
}

function show(view) {
  if (view.state === "published" || view.state === "abandoned" || view.state === "cancelled") return location.reload();
  const { shardsDone, shards } = view.progress;
  const bar = run.querySelector("progress");
  if (shards > 0) {
    bar.max = shards;
    bar.value = shardsDone;
  }
  const text = view.state + ": " + shardsDone + " of " + shards + " shards done";
  const line = run.querySelector("[data-line]");
  if (line.textContent !== text) line.textContent = text;
}

for (const holder of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(holder.querySelector("code").textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  holder.append(button);
}
`;
