// The Worker of the engine's benchmark: GET /?name=…&side=…&turns=N runs one program and answers its result.
import engine from "harness.wasm";
import host from "host.wasm";
import { bytes, native } from "programs.mjs";
import { makeSide } from "side.mjs";

let side;

export default {
  fetch(request) {
    const { searchParams } = new URL(request.url);
    side ??= makeSide({ engine, host, native, bytes });
    const name = searchParams.get("name");
    return new Response(name ? String(side(name, searchParams.get("side"), Number(searchParams.get("turns")))) : "");
  },
};
