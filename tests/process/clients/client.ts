// List, create, patch, bulk, resync, preview, paging and errors, by types that were generated from the document.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

// Of the answers that `fields` makes partial, nothing is asked here.
const client = createClient<paths, "application/json" | "application/problem+json">({
  baseUrl: process.env.URL!,
  headers: { Authorization: `Bearer ${process.env.KEY}` },
});

/** The answer of a call that is to go well. */
async function right<T>(call: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await call;
  assert.ok(data !== undefined, JSON.stringify(error));
  return data;
}

async function until<T>(look: () => Promise<T | null | undefined>): Promise<T> {
  for (let tries = 0; tries < 300; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  throw new Error("not within 150 s");
}

const employee = await right(
  client.POST("/api/v1/employees/", {
    body: {
      number: "4001",
      first_name: "Veera",
      last_name: "Koski",
      company_external_id: "fi",
      positions: [{ title: "Baker", start_date: "2025-01-01", percentage: "50" }],
    },
  }),
);
const position = employee.positions![0]!;
const path = { id: position.id };

const patched = await right(
  client.PATCH("/api/v1/positions/{id}/", { params: { path }, body: { note: "by a client" } }),
);
assert.deepEqual([patched.note, patched.percentage, patched.title], ["by a client", "50.00", "Baker"]);

const loaded = await right(
  client.POST("/api/v1/positions/bulk/", {
    body: {
      mode: "each",
      positions: [
        { id: position.id, title: "Head baker" },
        { external_id: "ts-1", employee: employee.id, title: "Cook" },
      ],
    },
  }),
);
assert.deepEqual([loaded.updated, loaded.failed], [1, 1]);
assert.equal(loaded.results[1]!.problem!.errors[0]!.field, "start_date");

const seen: string[] = [];
let cursor: string | undefined;
do {
  const query: { limit: number; cursor?: string } = { limit: 7 };
  if (cursor !== undefined) query.cursor = cursor;
  const page: components["schemas"]["PaginatedEmployeeList"] = await right(
    client.GET("/api/v1/employees/", { params: { query } }),
  );
  seen.push(...page.results.map((one) => one.number));
  cursor = page.next ? new URL(page.next).searchParams.get("cursor")! : undefined;
} while (cursor !== undefined);
assert.ok(seen.includes("4001") && seen.length >= 16 && new Set(seen).size === seen.length);

await until(async () => {
  const { results } = await right(client.GET("/api/v1/jobs/", { params: { query: { employee: employee.id } } }));
  return results.length > 0 && results.every((job) => job.cause === "employee_not_found");
});
const again = await right(client.POST("/api/v1/jobs/resync/", { body: { employee: employee.id } }));
assert.equal(again.resynced, 2);

const { results } = await right(client.GET("/api/v1/integrations/"));
const integration = results.find((one) => one.system.key === "netvisor")!;
const asked = await right(
  client.POST("/api/v1/preview/", { body: { position: position.id, integration: integration.id } }),
);
const preview =
  "result" in asked
    ? asked
    : await until(async () => {
        const path = { key: asked.id };
        return (await right(client.GET("/api/v1/questions/{key}/", { params: { path } }))).preview;
      });
assert.equal(preview.cause, "employee_not_found");

const refused = await client.PATCH("/api/v1/positions/{id}/", { params: { path }, body: { percentage: "180" } });
assert.equal(refused.error!.code, "validation_failed");
assert.equal(refused.error!.errors[0]!.field, "percentage");
const absent = await client.GET("/api/v1/positions/{id}/", { params: { path: { id: 10 ** 9 } } });
assert.equal(absent.error!.code, "not_found");

console.log("all right");
