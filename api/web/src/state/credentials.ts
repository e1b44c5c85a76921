/** The key of this browser tab. It leaves only in a header, and never lies in an address or beyond the tab. */

const NAME = "verse.key";
let held: string | null = remembered();

export function keyInUse(): string | null {
  return held;
}

export function holdKey(key: string | null): void {
  held = key;
  try {
    if (key) sessionStorage.setItem(NAME, key);
    else sessionStorage.removeItem(NAME);
  } catch {
    // where storage is refused, the key lives as long as the page
  }
}

function remembered(): string | null {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null;
  }
}
