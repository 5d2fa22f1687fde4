declare module "virtual:pglite-data" {
  /** The address of the data directory of a fresh PGlite. */
  const url: string;
  export default url;
}

declare module "virtual:types" {
  /** The address of the declarations, as JSON. */
  const url: string;
  export default url;
}
