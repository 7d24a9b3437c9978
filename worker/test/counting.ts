import type { D1Database, D1PreparedStatement } from "@cloudflare/workers-types";

const SENDS = ["all", "first", "run", "raw"];

export interface Sent {
  text: string;
  values: readonly unknown[];
}

/** A database with `look` called before each round trip, with the statements that it sends; more than one are a batch. */
export function watchedDb(db: D1Database, look: (sent: readonly Sent[]) => void): D1Database {
  const bare = new WeakMap<object, { statement: D1PreparedStatement; sent: Sent }>();
  const watched = (statement: D1PreparedStatement, sent: Sent): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== "function") return member;
        return (...values: unknown[]) => {
          if (SENDS.includes(String(name))) look([sent]);
          const answer = member.apply(target, values);
          return name === "bind" ? watched(answer as D1PreparedStatement, { ...sent, values }) : answer;
        };
      },
    });
    bare.set(proxy, { statement, sent });
    return proxy;
  };
  return {
    prepare: (text: string) => watched(db.prepare(text), { text, values: [] }),
    batch: async (statements: D1PreparedStatement[]) => {
      const known = statements.map(
        (statement) => bare.get(statement) ?? { statement, sent: { text: "?", values: [] } },
      );
      look(known.map(({ sent }) => sent));
      return db.batch(known.map(({ statement }) => statement));
    },
  } as unknown as D1Database;
}

/** A database that counts round trips: each statement that is sent by itself, and each batch. */
export function countingDb(db: D1Database): { DB: D1Database; trips(): number } {
  let trips = 0;
  const DB = watchedDb(db, () => {
    trips += 1;
  });
  return { DB, trips: () => trips };
}
