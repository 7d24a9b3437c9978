import type { Env } from "../env.ts";
import { states } from "../pipeline/states.ts";
import { type Sent, watchedDb } from "./counting.ts";

type Bound = Record<string, (...values: never[]) => unknown>;

/** A binding of which one method is down. */
export function failing<Binding extends object>(binding: Binding, method: string): Binding {
  return watched(binding, (name) => {
    if (name === method) throw new Error(`${name} is down`);
  });
}

/** Bindings of which D1, or R2, is down whenever `isDown` says so. */
export function outage(bindings: Env, which: "DB" | "BLOBS", isDown: () => boolean): Env {
  const look = () => {
    if (isDown()) throw new Error(`${which} is down`);
  };
  return which === "DB"
    ? { ...bindings, DB: watchedDb(bindings.DB, look) }
    : { ...bindings, BLOBS: watched(bindings.BLOBS, look) };
}

/** What befalls a call to D1 or R2: it alone fails, or its consumer is killed, so that it and all later ones fail until `revive`. */
export type Fault = "fails" | "killed";

/**
 * Bindings of which each kind of call to D1 and R2 is struck once: the first time that it comes up after a `revive`. `steps` names
 * what was struck: verb and table of each statement and the state that it moves to, or verb and folder of an object.
 */
export function struckOnceAtEach(bindings: Env, fault: Fault): { env: Env; steps: string[]; revive(): void } {
  const steps: string[] = [];
  let struck = false;
  const pass = (step: string) => {
    const isNew = !struck && !steps.includes(step);
    if (isNew) {
      steps.push(step);
      struck = true;
    }
    if (isNew || (struck && fault === "killed")) throw new Error(`${fault} before ${step}`);
  };
  const BLOBS = watched(bindings.BLOBS, (name, [key]) => pass(`R2: ${name} ${folderOf(key)}`));
  const DB = watchedDb(bindings.DB, (sent) => pass(`D1: ${[...new Set(sent.map(nameOf))].join(" + ")}`));
  const revive = () => {
    struck = false;
  };
  return { env: { ...bindings, BLOBS, DB }, steps, revive };
}

function folderOf(key: unknown): string {
  return `${String(Array.isArray(key) ? key[0] : key).split("/", 1)[0]}/`;
}

/** `update runs.state merging`: the verb of a statement, its table, what it sets first, and the state. */
function nameOf({ text, values }: Sent): string {
  const words = text.replaceAll('"', "").replace(/\s+/g, " ").trim();
  const verb = words.split(" ", 1)[0]?.toLowerCase();
  const table = /\b(?:from|into|update) (\w+)/i.exec(words)?.[1];
  const column = verb === "update" ? `.${/\bset (\w+)/i.exec(words)?.[1]}` : "";
  const state = column === ".state" ? states.find((name) => name === values[0]) : undefined;
  if (verb === "select") return `select ${words.split(" ", 2)[1]?.replace(",", "")} of ${table}`;
  return `${verb} ${table}${column}${state ? ` ${state}` : ""}`;
}

/** The same object, with `look` called before each method of it. */
function watched<Binding extends object>(binding: Binding, look: (name: string, values: unknown[]) => void): Binding {
  return new Proxy(binding, {
    get(target, name) {
      const member = (target as Bound)[String(name)];
      if (typeof member !== "function") return member;
      return (...values: never[]) => {
        look(String(name), values);
        return member.apply(target, values);
      };
    },
  });
}
