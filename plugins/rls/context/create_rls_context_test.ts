import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRLSContext, RLSContextValidationError } from "@kysera/rls";

// Values that the types do not allow are what is tested.
const anything = (value: unknown): any => value;

describe("createRLSContext()", () => {
  it("refuses a context that does not say who is asking", () => {
    const contexts: readonly (readonly [unknown, field: string])[] = [
      [null, "context"],
      [{}, "auth"],
      [{ auth: null }, "auth"],
      [{ auth: {} }, "auth.userId"],
      [{ auth: { userId: null, roles: [] } }, "auth.userId"],
      [{ auth: { userId: Number.NaN, roles: [] } }, "auth.userId"],
      [{ auth: { userId: " ", roles: [] } }, "auth.userId"],
      [{ auth: { userId: 1 } }, "auth.roles"],
      [{ auth: { userId: 1, roles: "admin" } }, "auth.roles"],
      [{ auth: { userId: 1, roles: [""] } }, "auth.roles"],
      [{ auth: { userId: 1, roles: [], tenantId: null } }, "auth.tenantId"],
      [{ auth: { userId: 1, roles: [], tenantId: "" } }, "auth.tenantId"],
      [{ auth: { userId: 1, roles: [], tenantId: [1] } }, "auth.tenantId"],
      [{ auth: { userId: 1, roles: [], organizationIds: [1, null] } }, "auth.organizationIds"],
      [{ auth: { userId: 1, roles: [], permissions: [1] } }, "auth.permissions"],
      [{ auth: { userId: 1, roles: [], attributes: [] } }, "auth.attributes"],
      [{ auth: { userId: 1, roles: [], isSystem: "yes" } }, "auth.isSystem"],
      [{ auth: { userId: 1, roles: [], tenant_id: 1 } }, "auth.tenant_id"],
      [{ auth: { userId: 1, roles: [] }, requestId: 1 }, "requestId"],
      [{ auth: { userId: 1, roles: [] }, meta: [] }, "meta"],
    ];
    for (const [context, field] of contexts) {
      assert.throws(
        () => createRLSContext(anything(context)),
        (error) => error instanceof RLSContextValidationError && error.field === field,
        field,
      );
    }
  });

  it("gives a frozen copy, of all that is in it", () => {
    const given = { auth: { userId: 1, roles: ["a"] }, meta: { tags: ["x"] } };
    const context = createRLSContext(given);
    given.auth.roles.push("admin");
    given.meta.tags.push("y");
    assert.deepEqual(context, { auth: { userId: 1, roles: ["a"] }, meta: { tags: ["x"] } });
    assert.throws(() => anything(context.auth.roles).push("admin"), TypeError);
    assert.throws(() => {
      anything(context.auth).isSystem = true;
    }, TypeError);
  });

  it("takes a member that is undefined for one that is left out", () => {
    const context = createRLSContext(anything({
      auth: { userId: 1, roles: [], tenantId: undefined },
    }));
    assert.equal("tenantId" in context.auth, false);
  });
});
