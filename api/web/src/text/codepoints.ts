/** Offsets of the service count code points, those of JavaScript UTF-16 units: this turns one into the other. */

/** For each of the ascending code-point offsets, the UTF-16 offset of the same place in `text`. */
export function utf16Offsets(text: string, offsets: readonly number[]): number[] {
  const found: number[] = [];
  let unit = 0;
  let point = 0;
  for (const offset of offsets) {
    while (point < offset && unit < text.length) {
      unit += (text.codePointAt(unit) as number) > 0xffff ? 2 : 1;
      point += 1;
    }
    found.push(unit);
  }
  return found;
}

export function codePointLength(text: string): number {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
}
