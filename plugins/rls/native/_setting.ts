/** The setting that holds the context, where no other is named. */
export const DEFAULT_SETTING = "rls.context";
