declare module "virtual:pglite-data" {
  /** The address of the data directory of a fresh PGlite. */
  const url: string;
  export default url;
}
