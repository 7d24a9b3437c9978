import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { LIVE_BEAT_MS, LIVE_LISTENERS_MAX } from "../limits.ts";
import { logFailure } from "../log.ts";
import { isFinal } from "../pipeline/states.ts";
import { eventText, HEARTBEAT, PREAMBLE } from "./events.ts";
import { readProgress } from "./progress.ts";

interface Listener {
  controller: ReadableStreamDefaultController<Uint8Array>;
  /** The last event it was sent. */
  told: string;
}

const encoder = new TextEncoder();

/**
 * One per run, named by its id: whoever follows the run. It keeps nothing; what it tells it reads from D1 each time.
 * `GET /RUN` is a stream of events, `POST /RUN` says that the run moved.
 */
export class Live extends DurableObject<Env> {
  readonly #listeners = new Set<Listener>();
  #beat: ReturnType<typeof setInterval> | undefined;
  #reading = false;
  #again = false;

  override async fetch(request: Request): Promise<Response> {
    const run = new URL(request.url).pathname.slice(1);
    if (request.method === "POST") {
      // Not awaited: whoever moves the run does not wait for those who watch.
      if (this.#listeners.size > 0) this.#tell(run);
      return new Response(null, { status: 204 });
    }
    if (this.#listeners.size >= LIVE_LISTENERS_MAX) return new Response(null, { status: 503 });
    return new Response(this.#follow(run), { headers: { "Content-Type": "text/event-stream" } });
  }

  #follow(run: string): ReadableStream<Uint8Array> {
    let listener: Listener;
    return new ReadableStream<Uint8Array>({
      start: (controller) => {
        listener = { controller, told: "" };
        controller.enqueue(encoder.encode(PREAMBLE));
        this.#listeners.add(listener);
        this.#beat ??= setInterval(() => this.#tell(run, true), LIVE_BEAT_MS);
        this.#tell(run);
      },
      cancel: () => this.#forget(listener),
    });
  }

  /** Reads once more if the run moved meanwhile. The beat makes up for a word that was lost. */
  async #tell(run: string, beat = false): Promise<void> {
    this.#again = true;
    if (this.#reading) return;
    this.#reading = true;
    try {
      while (this.#again) {
        this.#again = false;
        const progress = await readProgress(this.env, run);
        const text = progress ? eventText(progress) : "";
        const end = !progress || isFinal(progress.state);
        for (const listener of [...this.#listeners]) this.#send(listener, text, { beat, end });
      }
    } catch (error) {
      logFailure("live progress", { run }, error);
    } finally {
      this.#reading = false;
    }
  }

  #send(listener: Listener, text: string, { beat, end }: { beat: boolean; end: boolean }): void {
    try {
      if (text !== listener.told) listener.controller.enqueue(encoder.encode(text));
      else if (beat) listener.controller.enqueue(encoder.encode(HEARTBEAT));
      listener.told = text;
      if (end) listener.controller.close();
    } catch {
      this.#forget(listener); // Its stream is gone.
    }
    if (end) this.#forget(listener);
  }

  #forget(listener: Listener): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }
}
