import type { D1Database, D1PreparedStatement } from "@cloudflare/workers-types";

const SENDS = ["all", "first", "run", "raw"];

/** A database that counts round trips: each statement that is sent by itself, and each batch. */
export function countingDb(db: D1Database): { DB: D1Database; trips(): number } {
  let trips = 0;
  const bare = new WeakMap<object, D1PreparedStatement>();
  const counted = (statement: D1PreparedStatement): D1PreparedStatement => {
    const proxy = new Proxy(statement, {
      get(target, name) {
        const member = Reflect.get(target, name) as unknown;
        if (typeof member !== "function") return member;
        return (...values: unknown[]) => {
          if (SENDS.includes(String(name))) trips += 1;
          const answer = member.apply(target, values);
          return name === "bind" ? counted(answer as D1PreparedStatement) : answer;
        };
      },
    });
    bare.set(proxy, statement);
    return proxy;
  };
  const DB = {
    prepare: (text: string) => counted(db.prepare(text)),
    batch: (statements: D1PreparedStatement[]) => {
      trips += 1;
      return db.batch(statements.map((statement) => bare.get(statement) ?? statement));
    },
  } as unknown as D1Database;
  return { DB, trips: () => trips };
}
