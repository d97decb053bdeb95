/** Raised with every change of a record, a manifest, a summary or a comparison that an older reader would misread. */
export const SCHEMA_VERSION = 1;
