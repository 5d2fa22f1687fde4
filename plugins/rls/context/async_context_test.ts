import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import { describe, it } from "node:test";
import { type RLSContext, RLSContextError, RLSContextValidationError } from "@kysera/rls";
import {
  createAsyncContext,
  rlsContext,
  useAsyncStorage,
  withRLSContext,
  withRLSContextAsync,
} from "@kysera/rls/async-context";

const ada: RLSContext = { auth: { userId: 1, roles: ["editor"], permissions: ["publish"] } };
const pause = () => new Promise<void>((resolve) => setTimeout(resolve, 1));

describe("the context in async-local storage", () => {
  const context = createAsyncContext(new AsyncLocalStorage());

  it("is there in all that a function starts, and gone behind it", async () => {
    await context.runAsync(ada, async () => {
      await pause();
      assert.equal(context.getUserId(), 1);
      assert.equal(context.hasRole("editor"), true);
      assert.equal(context.hasPermission("publish"), true);
      assert.throws(() => context.getTenantId(), RLSContextValidationError);
    });
    assert.equal(context.getContextOrNull(), null);
    assert.throws(() => context.getContext(), RLSContextError);
    assert.throws(() => context.hasRole("editor"), RLSContextError);
  });

  it("does not mix up those who run at the same time", async () => {
    const users = Array.from({ length: 50 }, (_, i) => i + 1);
    const seen = await Promise.all(
      users.map((userId) =>
        context.runAsync({ auth: { userId, roles: [] } }, async () => {
          await pause();
          return context.getUserId();
        })
      ),
    );
    assert.deepEqual(seen, users);
  });

  it("is the system's within asSystem, and the caller's again behind it", async () => {
    await context.runAsync(ada, async () => {
      await context.asSystemAsync(async () => {
        await pause();
        assert.equal(context.isSystem(), true);
        assert.equal(context.getUserId(), 1);
      });
      assert.equal(context.isSystem(), false);
    });
    assert.equal(context.asSystem(() => context.isSystem()), true);
  });

  it("refuses a context that says nothing", () => {
    assert.throws(
      () => context.run({ auth: { userId: "", roles: [] } }, () => {}),
      RLSContextValidationError,
    );
  });

  it("needs a storage for the functions that all share one", async () => {
    assert.throws(() => rlsContext.hasContext(), /useAsyncStorage/);
    const storage = new AsyncLocalStorage<RLSContext>();
    useAsyncStorage(storage);
    useAsyncStorage(storage);
    assert.throws(() => useAsyncStorage(new AsyncLocalStorage<RLSContext>()), RLSContextError);
    assert.equal(withRLSContext(ada, () => rlsContext.getUserId()), 1);
    assert.equal(
      await withRLSContextAsync(ada, async () => (await pause(), rlsContext.getUserId())),
      1,
    );
  });
});
