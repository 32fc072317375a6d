// Rows of a CSV text (RFC 4180).

/**
 * The first rows of a text that may be cut off anywhere: a row without its end is left out unless `isWhole`.
 *
 * @param {string} text
 * @param {number} most
 * @param {boolean} isWhole
 */
export function rowsOf(text, most, isWhole) {
  /** @type {string[][]} */
  const rows = [];
  /** @type {string[]} */
  let row = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length && rows.length < most; at += 1) {
    const char = text[at];
    if (isQuoted) {
      if (char !== '"') cell += char;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else isQuoted = false;
    } else if (char === '"') isQuoted = true;
    else if (char === ",") {
      row.push(cell);
      cell = "";
    } else if (char === "\n") {
      rows.push([...row, cell]);
      [row, cell] = [[], ""];
    } else if (char !== "\r") cell += char;
  }
  if (isWhole && rows.length < most && (row.length || cell)) rows.push([...row, cell]);
  return rows;
}
