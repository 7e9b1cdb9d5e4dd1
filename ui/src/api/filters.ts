/** Text in the filter language, which has two kinds of quotes and no escapes. */

/** Text that holds both kinds can't be said; the server tells so. */
export const quoted = (text: string): string => (text.includes("'") ? `"${text}"` : `'${text}'`);

/** Names that hold the text, in any case; "" where there is none. A double quote stands for any one character. */
export const nameFilter = (text: string): string =>
  text ? `name ILIKE ${quoted(`%${text.replaceAll('"', "_")}%`)}` : "";
