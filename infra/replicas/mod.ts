/**
 * Reads from replicas, as fresh as they have to be.
 *
 * @module
 */
export * from "./create_replica_router.ts";
