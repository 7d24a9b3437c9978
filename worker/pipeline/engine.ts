// The suite and the one VM of this isolate. The runner guards each unit; shards take turns besides, because two that alternate
// would boot anew for every unit.
import suiteBytes from "../../conformance/build/suite.bin";
import { createVm, openSuite, type Suite, type Vm } from "../../conformance/runner/index.ts";
import core from "../../wasm-core/build/core.wasm";

/** A shard that has not yielded for this long was cut off with its consumer, and is passed over. */
const BEAT_MAX_AGE_MS = 10_000;
const POLL_MS = 5;

/** A slice of fuel takes 1–3 ms and a turn of the event loop about 1 ms; six slices stay below 20 ms. */
const SLICES_PER_TURN = 6;

/** A request takes several turns; for this long after it came, every slice gives one. */
const REQUEST_MS = 200;

let suite: Suite | undefined;
let vm: Vm | undefined;
let requestAt = 0;

/** Somebody waits for an answer of this isolate: shards give way more often. */
export function noteRequest(): void {
  requestAt = Date.now();
}

export async function theSuite(): Promise<Suite> {
  if (suite) return suite;
  const opened = await openSuite(new Uint8Array(suiteBytes));
  // Two requests may have opened it at once: one instance stays.
  suite ??= opened;
  return suite;
}

export async function theVm(): Promise<Vm> {
  if (vm) return vm;
  const created = await createVm(core);
  vm ??= created;
  return vm;
}

interface Place {
  beatAt: number;
}

const line: Place[] = [];

/** Lets other requests of this isolate run, and shows that the shard is alive. */
export type Yield = () => Promise<void>;

/** Waits for the turn by polling: a promise of another request may never settle if that request is cut off. */
export async function inTurn<T>(use: (yieldNow: Yield) => Promise<T>): Promise<T> {
  const place: Place = { beatAt: Date.now() };
  line.push(place);
  try {
    while (!isFirst(place)) await pause(POLL_MS);
    let slices = 0;
    return await use(async () => {
      slices += 1;
      const nobodyWaits = Date.now() - requestAt > REQUEST_MS;
      if (nobodyWaits && slices % SLICES_PER_TURN !== 0) return;
      await pause(0);
      place.beatAt = Date.now();
    });
  } finally {
    const at = line.indexOf(place);
    if (at >= 0) line.splice(at, 1);
  }
}

function isFirst(place: Place): boolean {
  place.beatAt = Date.now();
  const first = line[0];
  if (first && first !== place && place.beatAt - first.beatAt > BEAT_MAX_AGE_MS) line.shift();
  return line[0] === place;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
