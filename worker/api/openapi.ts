import { OpenAPIHono } from "@hono/zod-openapi";
import { operations } from "./operations.ts";

let text: string | undefined;

/** The OpenAPI 3.1 description, made of the very schemas that check requests; JSON with two spaces and a final line feed. */
export function openapiText(): string {
  text ??= `${JSON.stringify(document(), null, 2)}\n`;
  return text;
}

function document() {
  const app = new OpenAPIHono();
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "`parley_`, 32 base62 characters and 6 of their CRC-32.",
  });
  for (const operation of operations) app.openAPIRegistry.registerPath(operation);
  return app.getOpenAPI31Document({
    openapi: "3.1.2",
    info: {
      title: "Parley registry",
      version: "1.0.0",
      description: "Submit builds of hypervisor paravirt backends, and read what the conformance VM found.",
      license: { name: "Apache-2.0", url: "https://www.apache.org/licenses/LICENSE-2.0" },
    },
    servers: [{ url: "/" }],
    tags: [
      { name: "Submit", description: "Ways in." },
      { name: "Read", description: "Ways out; anybody may." },
      { name: "Trust", description: "Reproductions, disputes and withdrawn builds." },
      { name: "Identity", description: "Vendors, tokens and hooks." },
    ],
  });
}
